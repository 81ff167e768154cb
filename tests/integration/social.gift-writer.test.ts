import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type pg from 'pg';
import { openDb, type DbHandle } from '../../db/client.ts';
import { walletOf } from '../../db/coin-ledger.repository.ts';
import { sendGift, type GiftDraft, type GiftOutcome } from '../../db/gift.repository.ts';
import { newId } from '../../db/ids.ts';
import { eventually } from '../helpers/eventually.ts';
import { appUser, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';
import { balanceOf, enrich, ledgerFaults, richUser } from '../helpers/wallet.ts';

let api: TestApi;
/** That of another API process. */
let other: DbHandle;
let gift: GiftDraft['gift'];

beforeAll(async () => {
  api = await createTestApi();
  other = openDb({ url: api.database.url, max: 5, name: 'other' });
  const { row } = await appUser(api);
  gift = await api.deps.db.selectFrom('gifts').select(['id', 'name', 'coins', 'image']).where('workspace_id', '=', row.workspace_id).where('name', '=', 'Rose').executeTakeFirstOrThrow();
});
afterAll(async () => {
  await other.close();
  await api.close();
});
afterEach(async () => expect(await ledgerFaults(api)).toEqual([]));

const party = async (user: TestAppUser) => ({ id: user.id, account_id: (await walletOf(api.deps.db, user.row.workspace_id, user.id)).account_id });
async function draftOf(sender: TestAppUser, receiver: TestAppUser, over: Partial<GiftDraft> = {}): Promise<GiftDraft> {
  return { workspace_id: sender.row.workspace_id, request_id: newId(), sender: await party(sender), receiver: await party(receiver), gift, count: 1, stream_id: null, video_id: null, ...over };
}
const kinds = (outcomes: readonly GiftOutcome[]) => outcomes.map(({ kind }) => kind);
const deadlocks = async () => (await api.database.pool.query<{ deadlocks: number }>('select deadlocks from pg_stat_database where datname = current_database()')).rows[0]!.deadlocks;

test('gifts that come at once are each given or not by themselves', async () => {
  const [rich, poor, receiver] = [await richUser(api, 1_000), await richUser(api, 25), await appUser(api)];
  const drafts = [...(await Promise.all(Array.from({ length: 20 }, () => draftOf(rich, receiver)))), ...(await Promise.all(Array.from({ length: 5 }, () => draftOf(poor, receiver))))];
  const outcomes = kinds(await Promise.all(drafts.map((draft) => sendGift(api.database.pool, draft))));
  expect([outcomes.slice(0, 20).every((kind) => kind === 'given'), outcomes.slice(20).filter((kind) => kind === 'given').length, outcomes.slice(20).filter((kind) => kind === 'short').length]).toEqual([true, 2, 3]);
  expect([await balanceOf(api, rich), await balanceOf(api, poor), await balanceOf(api, receiver)]).toEqual([800, 5, 220]);
});

test('of gifts of one wallet that come at once, the ones for which it suffices are given', async () => {
  const [ada, receiver] = [await richUser(api, 30), await appUser(api)];
  // The first goes alone; those behind it go together: 20, 20 and 10 of what are 20 then.
  const drafts = [await draftOf(ada, receiver), await draftOf(ada, receiver, { count: 3 }), await draftOf(ada, receiver, { count: 2 })];
  expect(kinds(await Promise.all(drafts.map((draft) => sendGift(api.database.pool, draft))))).toEqual(['given', 'short', 'given']);
  expect(await balanceOf(api, ada)).toBe(0);
});

test('more than can wait for a database that does not answer are turned away', async () => {
  const [ada, receiver] = [await richUser(api, 10), await appUser(api)];
  const stuck = { query: () => new Promise<never>(() => undefined) } as unknown as pg.Pool;
  const draft = await draftOf(ada, receiver);
  const refused: unknown[] = [];
  for (let n = 0; n < 5_100; n += 1) sendGift(stuck, { ...draft, request_id: newId() }).catch((error: unknown) => refused.push(error));
  await eventually(() => refused.length > 0);
  expect(refused).toHaveLength(99);
  expect(refused.at(-1)).toMatchObject({ code: 'unavailable' });
});

test('each entry knows the balance after it, in the order in which they are listed', async () => {
  const [ada, receiver] = [await richUser(api, 1_000), await appUser(api)];
  await Promise.all(Array.from({ length: 30 }, async (_, index) => sendGift(api.database.pool, await draftOf(ada, receiver, { count: 1 + (index % 3) }))));
  for (const user of [ada, receiver]) {
    const { account_id } = await party(user);
    const entries = await api.deps.db.selectFrom('coin_transactions').select(['amount', 'balance_after']).where('account_id', '=', account_id).orderBy('id').execute();
    let balance = 0;
    expect(entries.map(({ amount }) => (balance += amount))).toEqual(entries.map(({ balance_after }) => balance_after));
  }
});

test('two processes that are asked for the same at once give it once, and meet no deadlock', async () => {
  const people = await Promise.all(Array.from({ length: 6 }, () => richUser(api, 100_000)));
  const before = await deadlocks();
  const drafts = await Promise.all(Array.from({ length: 300 }, (_, index) => draftOf(people[index % 6]!, people[(index + 1 + (index % 5)) % 6]!, { request_id: `shared-${Math.floor(index / 2)}-${newId()}` })));
  const outcomes = await Promise.all(drafts.flatMap((draft, index) => [api.database.pool, other.pool].map((pool) => sendGift(pool, index % 2 === 0 ? draft : { ...draft }))));
  const given = kinds(outcomes).filter((kind) => kind === 'given').length;
  expect([given, outcomes.length - given, kinds(outcomes).includes('reused'), kinds(outcomes).includes('short')]).toEqual([300, 300, false, false]);
  for (let index = 0; index < outcomes.length; index += 2) expect((outcomes[index] as { sent: object }).sent).toEqual((outcomes[index + 1] as { sent: object }).sent);
  expect(await deadlocks()).toBe(before);
  expect((await Promise.all(people.map((person) => balanceOf(api, person)))).reduce((sum, balance) => sum + balance, 0)).toBe(600_000);
});

test('four processes that move the same wallets all at once meet no deadlock', async () => {
  const people = await Promise.all(Array.from({ length: 30 }, () => richUser(api, 10_000)));
  const parties = await Promise.all(people.map(party));
  const processes = Array.from({ length: 4 }, (_, index) => openDb({ url: api.database.url, max: 5, name: `process-${index}` }));
  const before = await deadlocks();
  try {
    const { workspace_id } = people[0]!.row;
    const outcomes = await Promise.all(
      Array.from({ length: 3_000 }, (_, index) =>
        sendGift(processes[index % 4]!.pool, { workspace_id, request_id: newId(), sender: parties[(index * 7) % 30]!, receiver: parties[(index * 7 + 1 + (index % 29)) % 30]!, gift, count: 1, stream_id: null, video_id: null }),
      ),
    );
    expect(new Set(kinds(outcomes))).toEqual(new Set(['given']));
  } finally {
    await Promise.all(processes.map(({ close }) => close()));
  }
  expect(await deadlocks()).toBe(before);
}, 60_000);

test('whatever is sent by whom to whom at once, each has what they had, less what they gave, and what they got', async () => {
  const people = await Promise.all(Array.from({ length: 5 }, () => appUser(api)));
  const parties = await Promise.all(people.map(party));
  const { workspace_id } = people[0]!.row;
  const wish = fc.record({ from: fc.nat(4), step: fc.integer({ min: 1, max: 4 }), count: fc.integer({ min: 1, max: 12 }), isElsewhere: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(wish, { minLength: 1, maxLength: 40 }), fc.array(fc.nat(300), { minLength: 5, maxLength: 5 }), async (wishes, coins) => {
      await Promise.all(people.map(async (person, index) => (coins[index]! > 0 ? enrich(api, person, coins[index]!) : undefined)));
      const expected = await Promise.all(people.map((person) => balanceOf(api, person)));
      const outcomes = await Promise.all(
        wishes.map(({ from, step, count, isElsewhere }) =>
          sendGift(isElsewhere ? other.pool : api.database.pool, { workspace_id, request_id: newId(), sender: parties[from]!, receiver: parties[(from + step) % 5]!, gift, count, stream_id: null, video_id: null }),
        ),
      );
      outcomes.forEach(({ kind }, index) => {
        const { from, step, count } = wishes[index]!;
        if (kind !== 'given') return expect(kind).toBe('short');
        expected[from]! -= 10 * count;
        expected[(from + step) % 5]! += 10 * count;
      });
      expect(await Promise.all(people.map((person) => balanceOf(api, person)))).toEqual(expected);
      expect(Math.min(...expected)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 15 },
  );
}, 60_000);

test('one that can not be stored does not take the others with it', async () => {
  const [ada, receiver] = [await richUser(api, 1_000), await appUser(api)];
  const drafts = await Promise.all(Array.from({ length: 12 }, (_, index) => draftOf(ada, receiver, index === 6 ? { stream_id: newId() } : {})));
  const outcomes = await Promise.allSettled(drafts.map((draft) => sendGift(api.database.pool, draft)));
  expect(outcomes.map(({ status }) => status)).toEqual(drafts.map((_, index) => (index === 6 ? 'rejected' : 'fulfilled')));
  expect(await balanceOf(api, ada)).toBe(890);
});

test('a wallet that somebody else holds locked keeps nobody waiting who has nothing to do with it', async () => {
  const [ada, bob, held] = [await richUser(api, 1_000), await appUser(api), await appUser(api)];
  const locked = await party(held);
  const drafts = [await draftOf(ada, held), ...(await Promise.all(Array.from({ length: 10 }, async () => draftOf(await richUser(api, 10), bob))))];
  let waits = true;
  let first: Promise<GiftOutcome> | undefined;
  await other.db.transaction().execute(async (trx) => {
    await trx.selectFrom('coin_accounts').select('id').where('id', '=', locked.account_id).forUpdate().execute();
    first = sendGift(api.database.pool, drafts[0]!).finally(() => (waits = false));
    expect(kinds(await Promise.all(drafts.slice(1).map((draft) => sendGift(api.database.pool, draft))))).toEqual(Array.from({ length: 10 }, () => 'given'));
    expect(waits).toBe(true);
  });
  expect((await first!).kind).toBe('given');
});

test('where the database is away each is told so, and given once when it is back', async () => {
  const [ada, receiver] = [await richUser(api, 1_000), await appUser(api)];
  const drafts = await Promise.all(Array.from({ length: 10 }, () => draftOf(ada, receiver)));
  const cut = openDb({ url: api.database.url, max: 3, name: 'cut' });
  await cut.pool.query('select 1');
  const { account_id } = await party(ada);
  let outcomes: PromiseSettledResult<GiftOutcome>[] = [];
  await other.db.transaction().execute(async (trx) => {
    await trx.selectFrom('coin_accounts').select('id').where('id', '=', account_id).forUpdate().execute();
    const sending = Promise.allSettled(drafts.map((draft) => sendGift(cut.pool, draft)));
    await eventually(async () => {
      await api.database.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cut' and wait_event_type = 'Lock' and datname = current_database()`);
      return isOver(sending);
    });
    outcomes = await sending;
  });
  expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
  const again = await Promise.all(drafts.map((draft) => sendGift(api.database.pool, draft)));
  expect(kinds(again).every((kind) => kind === 'given' || kind === 'repeated')).toBe(true);
  expect(await balanceOf(api, ada)).toBe(900);
  await cut.close();
});

const isOver = (work: Promise<unknown>): Promise<boolean> => Promise.race([work.then(() => true), new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 50))]);
