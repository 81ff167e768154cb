import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { Registry } from 'prom-client';
import { createLedgerActivities } from '../../activities/social/ledger/ledger.activities.ts';
import { newId } from '../../db/ids.ts';
import { checkMovements, insertLedgerCheck } from '../../db/ledger-check.repository.ts';
import type { LedgerFault } from '../../domain/contracts/coin.ts';
import type { LedgerActivities } from '../../domain/contracts/ledger-check.ts';
import { addLedgerMetrics } from '../../workers/social/ledger-metrics.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';
import { giftNamed, ledgerFaults, liveStreamOf, richUser } from '../helpers/wallet.ts';

let api: TestApi;
let temporal: TestTemporal;
let ada: TestAppUser;
let bob: TestAppUser;
let gift: string;
const errors: { fields: Record<string, unknown>; message: string }[] = [];

beforeAll(async () => {
  temporal = await testTemporal();
});
afterAll(() => temporal.close());
beforeEach(async () => {
  api = await createTestApi();
  errors.length = 0;
  [ada, bob] = [await richUser(api, 1_000), await appUser(api)];
  const { msg } = await verb<{ GiftTransaction: { id: string } }>(api, 'sendGift', { gift_id: await giftNamed(api, 'Heart'), stream_id: await liveStreamOf(api, bob), request_id: newId() }, ada.token);
  gift = msg.GiftTransaction.id;
});
afterEach(() => api.close());

const activities = (): LedgerActivities => {
  const { db, pool } = api.deps;
  const logger = { ...quietLog, error: (fields: Record<string, unknown>, message: string) => void errors.push({ fields, message }) };
  return createLedgerActivities({ db, pool, hint: () => undefined, logger: logger as never }, { accounts: 2, movements: 1 });
};

async function check(own: Partial<LedgerActivities> = {}): Promise<boolean> {
  const worker = await temporal.runWorker({ activities: { ...activities(), ...own } });
  try {
    return await temporal.client.workflow.execute('checkLedger', { taskQueue: temporal.taskQueue, workflowId: `check-ledger-${newId()}`, args: [] });
  } finally {
    await worker.stop();
  }
}
const checks = () => api.deps.db.selectFrom('ledger_checks').selectAll().orderBy('id').execute();
const notifications = () => api.deps.db.selectFrom('notifications').select('message').where('workspace_id', '=', ada.row.workspace_id).execute();
const corrupt = (statement: string, values: unknown[] = []) => api.database.pool.query(statement, values);
const walletId = (user: TestAppUser) => api.deps.db.selectFrom('coin_accounts').select('id').where('user_id', '=', user.id).executeTakeFirstOrThrow().then(({ id }) => id);

describe('the nightly check', () => {
  test('finds a ledger sound that is, says so, and alarms nobody', async () => {
    expect(await check()).toBe(true);
    expect(await checks()).toMatchObject([{ is_sound: true, accounts: 5, movements: 2, faults: [] }]);
    expect([await notifications(), errors]).toEqual([[], []]);
  });

  test('finds a balance that somebody changed by hand, and raises the alarm once', async () => {
    const wallet = await walletId(ada);
    await corrupt('update coin_accounts set balance = balance + 7 where id = $1', [wallet]);
    const faults = [
      { kind: 'sum_not_zero', id: ada.row.workspace_id, expected: 0, found: 7 },
      { kind: 'balance_differs', id: wallet, expected: 950, found: 957 },
    ];
    expect(await check()).toBe(false);
    const [found] = await checks();
    expect(found).toMatchObject({ is_sound: false, faults });
    expect(errors).toMatchObject([{ message: 'the ledger does not add up', fields: { faults } }]);
    expect(await notifications()).toEqual([{ message: expect.stringContaining('1 apps whose coins do not add up to zero, 1 balances that are not the sum of their entries') }]);
    await activities().recordLedgerCheck({ check_id: found!.id, accounts: 5, movements: 2, faults: faults as LedgerFault[] });
    expect([(await checks()).length, (await notifications()).length]).toEqual([1, 1]);
  });

  test.each<[string, (wallet: string) => Promise<unknown>, LedgerFault['kind'][]]>([
    ['an entry that was changed', (wallet) => corrupt('update coin_transactions set amount = amount - 5 where account_id = $1 and movement_id = $2', [wallet, gift]), ['balance_differs', 'gift_differs', 'movement_unbalanced']],
    ['an entry that is gone', (wallet) => corrupt('delete from coin_transactions where account_id = $1 and movement_id = $2', [wallet, gift]), ['balance_differs', 'gift_differs', 'movement_unbalanced']],
    ['a gift of another price', () => corrupt('update gift_transactions set coins = coins + 1 where id = $1', [gift]), ['gift_differs']],
    ['a gift that is gone', () => corrupt('delete from gift_transactions where id = $1', [gift]), ['gift_differs']],
    ['a gift for somebody else', () => appUser(api).then(({ id }) => corrupt('update gift_transactions set receiver_id = $2 where id = $1', [gift, id])), ['gift_differs']],
    ['a movement of nothing', () => corrupt(`insert into coin_movements (id, workspace_id, kind, request_key) values ($1, $2, 'grant', 'x')`, [newId(), ada.row.workspace_id]), ['movement_unbalanced']],
    ['both balances of a gift changed', (wallet) => walletId(bob).then((other) => corrupt('update coin_accounts set balance = balance + case when id = $1 then 5 else -5 end where id in ($1, $2)', [wallet, other])), ['balance_differs', 'balance_differs']],
  ])('finds %s', async (_name, break_, kinds) => {
    await break_(await walletId(ada));
    expect((await ledgerFaults(api)).map(({ kind }) => kind).sort()).toEqual(kinds);
  });

  test('is right while gifts are given', async () => {
    const [gift_id, stream_id] = [await giftNamed(api, 'Rose'), await liveStreamOf(api, bob)];
    let giving = true;
    const givers = Array.from({ length: 4 }, async () => {
      while (giving) await verb(api, 'sendGift', { gift_id, stream_id, request_id: newId() }, ada.token);
    });
    try {
      for (let round = 0; round < 5; round += 1) expect(await ledgerFaults(api)).toEqual([]);
    } finally {
      giving = false;
      await Promise.all(givers);
    }
  });

  test('goes on where it was when its worker died', async () => {
    const resumed: unknown[] = [];
    const { checkLedgerMovements } = activities();
    const dying = async () => {
      const { info, heartbeat } = Context.current();
      if (info.attempt > 1) {
        resumed.push(info.heartbeatDetails);
        return checkLedgerMovements();
      }
      heartbeat.call(Context.current(), await checkMovements(api.deps.db, null, 1));
      throw new Error('the worker died');
    };
    expect(await check({ checkLedgerMovements: dying })).toBe(true);
    expect(resumed).toEqual([{ checked: 1, last: expect.any(String), faults: [] }]);
    expect(await checks()).toMatchObject([{ is_sound: true, movements: 2 }]);
  });

  test('is shown to admins of the app, the latest first', async () => {
    await insertLedgerCheck(api.deps.db, { id: newId(), accounts: 1, movements: 2, faults: [] });
    await insertLedgerCheck(api.deps.db, { id: newId(), accounts: 3, movements: 4, faults: [{ kind: 'balance_differs', id: null, expected: 1, found: 2 }] });
    const { token } = await api.person('admin', ada.row.workspace_id);
    const { body } = await api.call<{ items: object[] }>('GET', '/social/ledger-checks?limit=1', { token });
    expect(body).toMatchObject({ items: [{ is_sound: false, accounts: 3, movements: 4, faults: [{ kind: 'balance_differs' }] }], next_cursor: expect.any(String) });
  });
});

test('Prometheus hears what the last check said, and nothing before there was one', async () => {
  const registry = new Registry();
  addLedgerMetrics(registry, api.deps.db);
  const sound = async (): Promise<string> => /^showrunner_ledger_sound (.*)$/m.exec(await registry.metrics())![1]!;
  expect(await sound()).toBe('Nan');
  await insertLedgerCheck(api.deps.db, { id: newId(), accounts: 1, movements: 1, faults: [] });
  expect(await sound()).toBe('1');
  await insertLedgerCheck(api.deps.db, { id: newId(), accounts: 1, movements: 1, faults: [{ kind: 'sum_not_zero', id: null, expected: 0, found: 1 }] });
  expect(await sound()).toBe('0');
  expect(await registry.metrics()).toMatch(/^showrunner_ledger_check_age_seconds 0\.\d+$/m);
});
