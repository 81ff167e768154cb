import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appAccount, moveCoins, walletOf } from '../../db/coin-ledger.repository.ts';
import { lockBalance } from '../../db/coin-lock.repository.ts';
import { newId } from '../../db/ids.ts';
import { purchaseMovement } from '../../domain/social/ledger.ts';
import { appUser, socialApp, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';
import { balanceOf, giftNamed, ledgerFaults, liveStreamOf, richUser } from '../helpers/wallet.ts';

let api: TestApi;
let workspace_id: string;
let owner: Person;

beforeAll(async () => {
  api = await createTestApi();
  workspace_id = await socialApp(api);
  owner = await api.person('owner', workspace_id);
});
afterAll(() => api.close());

interface Gifts {
  Gifts: { Gift: { id: string; name: string; coins: string } }[];
}
interface Packages {
  CoinPackages: { CoinPackage: { name: string; coins: string; price: string; price_minor: string; currency: string; apple_product_id: string } }[];
}
interface Transactions {
  Transactions: { Transaction: { id: string; kind: string; amount: string; balance: string }; Gift: { name: string; count: string } | null; User: { id: string; username: string } | null }[];
  wallet: string;
  next: string;
}
const transactions = async (user: TestAppUser, fields: object = {}) => (await verb<Transactions>(api, 'showTransactions', { ...fields }, user.token)).msg;
const shownGifts = async () => (await verb<Gifts>(api, 'showGifts')).msg.Gifts.map(({ Gift: { name, coins } }) => [name, coins]);
const admin = <T = never>(method: string, path: string, body?: unknown, token = owner.token) => api.call<T>(method, path, { token, ...(body !== undefined && { body }) });

describe('the catalogues', () => {
  test('show the gifts that are seeded, the cheapest first, to everybody', async () => {
    expect(await shownGifts()).toEqual([['Rose', '10'], ['Heart', '50'], ['Diamond', '1000'], ['Universe', '5000']]);
  });

  test('show coin packages with a price for people', async () => {
    const { CoinPackages } = (await verb<Packages>(api, 'showCoinPackages')).msg;
    expect(CoinPackages[0]!.CoinPackage).toMatchObject({ coins: '100', price: '0.99', price_minor: '99', currency: 'USD', apple_product_id: 'coins_100' });
    expect(CoinPackages.map(({ CoinPackage: { coins } }) => coins)).toEqual(['100', '550', '1200', '6500']);
  });

  test('are edited by admins: a gift is added, changed, taken out and put back', async () => {
    const added = await admin<{ id: string }>('POST', '/social/gifts', { name: 'Comet', coins: 20, image: 'https://cdn.example.com/comet.png' });
    expect([added.status, added.body]).toEqual([201, expect.objectContaining({ name: 'Comet', coins: 20, is_active: true })]);
    expect(await shownGifts()).toContainEqual(['Comet', '20']);
    const path = `/social/gifts/${added.body.id}`;
    expect((await admin('PATCH', path, { coins: 25 })).body).toMatchObject({ name: 'Comet', coins: 25 });
    expect((await admin<{ errors: unknown }>('POST', '/social/gifts', { name: 'COMET', coins: 1 })).body.errors).toEqual([{ field: 'name', message: 'is that of another one on offer' }]);
    expect((await admin('DELETE', path)).status).toBe(204);
    expect(await shownGifts()).not.toContainEqual(['Comet', '25']);
    expect((await admin<{ items: { id: string }[] }>('GET', '/social/gifts?active=false')).body.items.map(({ id }) => id)).toEqual([added.body.id]);
    expect((await admin('PATCH', path, { is_active: true })).status).toBe(200);
    expect(await shownGifts()).toContainEqual(['Comet', '25']);
    await admin('DELETE', path);
  });

  test('hold a store’s product once', async () => {
    const body = { name: 'Twice', coins: 100, price_minor: 199, currency: 'EUR', apple_product_id: 'coins_100' };
    expect((await admin<{ errors: unknown }>('POST', '/social/coin-packages', body)).body.errors).toEqual([{ field: 'apple_product_id', message: 'is that of another one on offer' }]);
    const added = await admin<{ id: string }>('POST', '/social/coin-packages', { ...body, apple_product_id: 'coins_other' });
    expect(added.status).toBe(201);
    expect((await admin('PATCH', `/social/coin-packages/${added.body.id}`, { price_minor: 299 })).body).toMatchObject({ price_minor: 299, google_product_id: null });
    expect((await admin('DELETE', `/social/coin-packages/${added.body.id}`)).status).toBe(204);
  });

  test.each([
    ['no coins', { name: 'X', coins: 0 }, 'coins'],
    ['parts of coins', { name: 'X', coins: 1.5 }, 'coins'],
    ['coins as text', { name: 'X', coins: '10' }, 'coins'],
    ['too many coins', { name: 'X', coins: 1e12 }, 'coins'],
    ['no name', { name: ' ', coins: 1 }, 'name'],
    ['a picture by http', { name: 'X', coins: 1, image: 'http://a.example/x.png' }, 'image'],
    ['a field too many', { name: 'X', coins: 1, workspace_id: newId() }, 'workspace_id'],
  ])('take no gift with %s', async (_name, body, field) => {
    const { status, body: problem } = await admin<{ errors: { field: string }[] }>('POST', '/social/gifts', body);
    expect([status, problem.errors[0]!.field]).toEqual([422, field]);
  });

  test('are nobody else’s: not a member’s, not another workspace’s', async () => {
    const [member, stranger] = [await api.person('member', workspace_id), await api.person()];
    const rose = await giftNamed(api, 'Rose');
    for (const [method, path, body] of [['GET', '/social/gifts'], ['POST', '/social/gifts', { name: 'X', coins: 1 }], ['PATCH', `/social/gifts/${rose}`, { coins: 1 }], ['DELETE', `/social/gifts/${rose}`], ['GET', '/social/ledger-checks']] as const) {
      expect([method, path, (await admin(method, path, body, member.token)).status]).toEqual([method, path, 403]);
      expect([method, path, (await admin(method, path, body, stranger.token)).status]).toEqual([method, path, 404]);
    }
    expect(await shownGifts()).toContainEqual(['Rose', '10']);
  });
});

describe('coins of the house', () => {
  const grant = (user: string, body: object, token?: string) => admin<{ balance: number; id: string; code: string }>('POST', `/social/wallets/${user}/grant`, body, token);
  const ticket = (over: object = {}) => ({ coins: 500, request_id: newId(), reason: 'Ticket 1', ...over });

  test('are given once by a request id, told to the user, and known by whom', async () => {
    const ada = await appUser(api);
    const body = ticket();
    const answers = await Promise.all(Array.from({ length: 5 }, () => grant(ada.id, body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(1);
    expect(await balanceOf(api, ada)).toBe(500);
    const [row] = await api.deps.db.selectFrom('coin_grants').selectAll().where('user_id', '=', ada.id).execute();
    expect(row).toMatchObject({ coins: 500, granted_by: owner.user_id, reason: 'Ticket 1' });
    const told = await api.deps.db.selectFrom('app_notifications').select(['kind', 'text']).where('user_id', '=', ada.id).execute();
    expect(told).toEqual([{ kind: 'system', text: 'You got 500 coins from us' }]);
    expect(await ledgerFaults(api)).toEqual([]);
  });

  test('are refused under a request id that gave something else, to nobody, to a deleted user, and by who may not', async () => {
    const [ada, bob] = [await appUser(api), await appUser(api)];
    const body = ticket();
    const given = await grant(ada.id, body);
    expect((await grant(ada.id.toUpperCase(), body)).body).toEqual(given.body);
    expect((await grant(ada.id, { ...body, coins: 501 })).body.code).toBe('request_reused');
    expect((await grant(bob.id, body)).body.code).toBe('request_reused');
    expect((await grant(newId(), ticket())).body.code).toBe('user_gone');
    await api.deps.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', bob.id).execute();
    expect((await grant(bob.id, ticket())).body.code).toBe('user_gone');
    const [member, stranger] = [await api.person('social_marketing', workspace_id), await api.person()];
    expect([(await grant(ada.id, ticket(), member.token)).status, (await grant(ada.id, ticket(), stranger.token)).status]).toEqual([403, 404]);
    expect([await balanceOf(api, ada), await balanceOf(api, bob)]).toEqual([500, 0]);
  });

  test.each([[0], [-5], [1.5], [1e15], ['500'], [null]])('are whole and bounded, not %j', async (coins) => {
    expect((await grant((await appUser(api)).id, ticket({ coins }))).status).toBe(422);
  });
});

describe('showTransactions', () => {
  test('shows what went in and out, newest first, with who gave or got', async () => {
    const [ada, bob] = [await richUser(api, 1_000), await appUser(api)];
    const stream_id = await liveStreamOf(api, bob);
    await verb(api, 'sendGift', { gift_id: await giftNamed(api, 'Heart'), stream_id, count: 2, request_id: newId() }, ada.token);
    expect(await transactions(ada)).toEqual({
      Transactions: [
        { Transaction: expect.objectContaining({ kind: 'gift', amount: '-100', balance: '900' }), Gift: expect.objectContaining({ name: 'Heart', count: '2', stream_id }), User: expect.objectContaining({ id: bob.id, button: 'follow' }) },
        { Transaction: expect.objectContaining({ kind: 'grant', amount: '1000', balance: '1000' }), Gift: null, User: null },
      ],
      wallet: '900',
      next: '',
    });
    expect((await transactions(bob)).Transactions).toMatchObject([{ Transaction: { amount: '100', balance: '100' }, User: { id: ada.id } }]);
  });

  test('names nobody who was deleted, or whom a block hides; the coins stay', async () => {
    const [ada, bob] = [await richUser(api, 1_000), await appUser(api)];
    await verb(api, 'sendGift', { gift_id: await giftNamed(api, 'Rose'), stream_id: await liveStreamOf(api, bob), request_id: newId() }, ada.token);
    await api.deps.db.insertInto('blocks').values({ user_id: bob.id, blocked_id: ada.id }).execute();
    expect((await transactions(ada)).Transactions[0]).toMatchObject({ User: null, Transaction: { amount: '-10' } });
    await api.deps.db.deleteFrom('blocks').where('user_id', '=', bob.id).execute();
    expect((await transactions(ada)).Transactions[0]!.User!.id).toBe(bob.id);
    await api.deps.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', bob.id).execute();
    expect((await transactions(ada)).Transactions[0]!.User).toBeNull();
  });

  test('turns pages without losing or doubling any, also while new ones come, by place and by number', async () => {
    const [ada, bob] = [await richUser(api, 1_000), await appUser(api)];
    const [gift_id, stream_id] = [await giftNamed(api, 'Rose'), await liveStreamOf(api, bob)];
    const give = () => verb(api, 'sendGift', { gift_id, stream_id, request_id: newId() }, ada.token);
    for (let sent = 0; sent < 45; sent += 1) await give();
    const balances = ({ Transactions: rows }: Transactions) => rows.map(({ Transaction: { balance } }) => Number(balance));
    const expected = [...Array.from({ length: 45 }, (_, index) => 550 + index * 10), 1_000];
    for (const turn of ['cursor', 'number'] as const) {
      const first = await transactions(ada);
      await give();
      const second = await transactions(ada, turn === 'cursor' ? { cursor: first.next } : { starting_point: '1' });
      await give();
      const third = await transactions(ada, turn === 'cursor' ? { cursor: second.next } : { starting_point: '2' });
      const seen = [first, second, third].flatMap(balances);
      expect(seen).toEqual([...new Set(seen)]);
      expect(seen.slice(-46)).toEqual([...expected].slice(-46));
      expect(third.next).toBe('');
    }
    expect((await verb<string>(api, 'showTransactions', { cursor: 'nonsense' }, ada.token)).code).toBe(201);
  });

  test('shows nobody else’s', async () => {
    expect((await verb(api, 'showTransactions', {})).code).toBe(401);
    expect((await transactions(await appUser(api))).Transactions).toEqual([]);
  });
});

describe('the ledger', () => {
  const parts = async (user: TestAppUser) => ({ workspace_id, store: await appAccount(api.deps.db, workspace_id, 'store'), wallet: (await walletOf(api.deps.db, workspace_id, user.id)).account_id });

  test('moves what has a request key once, whoever asks at once, inside transactions too', async () => {
    const ada = await appUser(api);
    const movement = purchaseMovement({ ...(await parts(ada)), purchase_id: newId(), coins: 100 });
    const outcomes = await Promise.all(Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? moveCoins(api.deps.db, movement) : api.deps.db.transaction().execute((trx) => moveCoins(trx, movement)))));
    expect(outcomes.filter(({ kind }) => kind === 'moved')).toHaveLength(1);
    expect(new Set(outcomes.map((outcome) => ('movement_id' in outcome ? outcome.movement_id : outcome.kind))).size).toBe(1);
    expect(await balanceOf(api, ada)).toBe(100);
  });

  test('leaves a transaction usable where a wallet holds too little', async () => {
    const ada = await richUser(api, 50);
    const { store, wallet } = await parts(ada);
    const take = { workspace_id, kind: 'refund' as const, request_key: `test:${newId()}`, entries: [{ account_id: wallet, amount: -60 }, { account_id: store, amount: 60 }] };
    const seen = await api.deps.db.transaction().execute(async (trx) => {
      const { kind } = await moveCoins(trx, take);
      return [kind, (await walletOf(trx, workspace_id, ada.id)).balance];
    });
    expect(seen).toEqual(['short', 50]);
    expect(await api.deps.db.selectFrom('coin_movements').select('id').where('request_key', '=', take.request_key).execute()).toEqual([]);
  });

  test.each([
    ['does not balance', [-60, 50], 'off by -10'],
    ['has one side', [-60], 'fewer than two'],
    ['has half coins', [-0.5, 0.5], 'whole coins'],
    ['moves nothing', [0, 0], 'not 0'],
    ['is enormous', [-1e13, 1e13], 'at most'],
  ])('takes nothing that %s', async (_name, amounts, words) => {
    const { store, wallet } = await parts(await appUser(api));
    const entries = amounts.map((amount, index) => ({ account_id: [wallet, store][index]!, amount }));
    await expect(moveCoins(api.deps.db, { workspace_id, kind: 'grant', request_key: newId(), entries })).rejects.toThrow(words);
  });

  test('takes nothing of the kind from who goes past the code either', async () => {
    const { store, wallet } = await parts(await appUser(api));
    const call = (accounts: string[], amounts: number[], workspace = workspace_id) => api.database.pool.query('select move_coins($1, $2, $3, $4, $5, $6)', [newId(), workspace, 'grant', newId(), accounts, amounts]);
    await expect(call([wallet, store], [10, -9])).rejects.toMatchObject({ constraint: 'coin_movements_balanced' });
    await expect(call([wallet], [0])).rejects.toMatchObject({ constraint: 'coin_movements_entries' });
    await expect(call([wallet, newId()], [10, -10])).rejects.toMatchObject({ constraint: 'coin_transactions_account' });
    await expect(call([store, store], [10, -10])).rejects.toMatchObject({ constraint: 'coin_transactions_account' });
    await expect(call([wallet, store], [10, -10], (await api.person()).workspace_id)).rejects.toMatchObject({ constraint: 'coin_transactions_account' });
    expect(await ledgerFaults(api)).toEqual([]);
  });

  test('lets those who decide by a balance lock it first, without waiting for each other', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => richUser(api, 100)));
    const house = await appAccount(api.deps.db, workspace_id, 'house');
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const { wallet } = await parts(people[index % 6]!);
        await api.deps.db.transaction().execute(async (trx) => {
          const amount = Math.min(7, await lockBalance(trx, workspace_id, index % 2 === 0 ? [wallet, house] : [house, wallet], wallet));
          if (amount > 0) await moveCoins(trx, { workspace_id, kind: 'forfeit', request_key: newId(), entries: [{ account_id: wallet, amount: -amount }, { account_id: house, amount }] });
        });
      }),
    );
    expect(await Promise.all(people.map((person) => balanceOf(api, person)))).toEqual(people.map(() => 30));
    expect(await ledgerFaults(api)).toEqual([]);
  });
});
