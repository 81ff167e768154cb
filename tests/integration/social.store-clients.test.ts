import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSandbox, type Sandbox } from '../../sandbox/server.ts';
import { createStoreHttp, StoreDown } from '../../social/stores/store-http.ts';
import { createStores, type KnownPurchase, type Stores } from '../../social/stores/stores.ts';
import { sandboxStores, type AppleBought } from '../helpers/store-world.ts';
import { createTestApi } from '../helpers/test-api.ts';

let sandbox: Sandbox;
let options: Awaited<ReturnType<typeof sandboxStores>>;
let opened: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  sandbox = await createSandbox();
  options = await sandboxStores(sandbox.url);
});
afterEach(async () => {
  await Promise.all(opened.map((one) => one.close()));
  opened = [];
  for (const path of ['/stores/apple', '/stores/google', '/identity/google']) await control('PUT', `${path}/trouble`, { status: null });
});
afterAll(() => sandbox.close());

function open(over: Partial<typeof options> = {}): Stores {
  const stores = createStores({ ...options, ...over, timeoutMs: 2_000 });
  opened.push(stores);
  return stores;
}
async function control<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${sandbox.url}/control${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  return (await response.json()) as T;
}
const calls = (store: string) => control<Record<string, number>>('GET', `/stores/${store}/calls`);

async function apple(): Promise<KnownPurchase> {
  const { transaction_id, signed_transaction } = await control<AppleBought>('POST', '/stores/apple/purchases', { product_id: 'coins_100' });
  return { store: 'apple', store_transaction_id: transaction_id, receipt: signed_transaction, product_id: 'coins_100', user_id: randomUUID() };
}
async function google(): Promise<KnownPurchase> {
  const { purchase_token } = await control<{ purchase_token: string }>('POST', '/stores/google/purchases', { product_id: 'coins_100' });
  return { store: 'google', store_transaction_id: 'hash', receipt: purchase_token, product_id: 'coins_100', user_id: randomUUID() };
}
const BOUGHT = { kind: 'bought', product_id: 'coins_100', quantity: 1, refunded: 0 };

describe('Apple', () => {
  test('is asked with a token of our key; with another one it is waited for', async () => {
    const purchase = await apple();
    expect(await open().ask(purchase)).toMatchObject(BOUGHT);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const key = options.apple!.key!;
    for (const wrong of [{ ...key, privateKey: other }, { ...key, keyId: 'OTHER' }, { ...key, issuerId: randomUUID() }]) await expect(open({ apple: { ...options.apple!, key: wrong } }).ask(purchase)).rejects.toThrow('refused our key');
    await expect(open({ apple: { ...options.apple!, key: null } }).ask(purchase)).rejects.toThrow(StoreDown);
  });

  test('is believed only where its answer is signed', async () => {
    const purchase = await apple();
    const stranger = await createSandbox();
    opened.push(stranger);
    const { apple: other } = await sandboxStores(stranger.url);
    expect(await open({ apple: { ...options.apple!, roots: other!.roots } }).ask(purchase)).toMatchObject({ kind: 'refused', code: 'receipt_invalid' });
  });

  test.each([
    ['an outage', { status: 503 }, 'HTTP 503'],
    ['nothing', { status: 0 }, 'did not answer within 2 s'],
    ['a status that it does not document', { status: 418 }, 'HTTP 418'],
  ])('that gives %s is waited for', async (_, trouble, words) => {
    await control('PUT', '/stores/apple/trouble', trouble);
    await expect(open().ask(await apple())).rejects.toThrow(words);
  });

  test('says when it wants to be asked again', async () => {
    await control('PUT', '/stores/apple/trouble', { status: 429, retry_after: 7 });
    await expect(open().ask(await apple())).rejects.toMatchObject({ retryAfterMs: 7_000 });
  });
});

describe('Google', () => {
  test('gives one token for many calls, and another where that one is refused', async () => {
    await control('POST', '/reset');
    const stores = open();
    const purchase = await google();
    expect(await Promise.all(Array.from({ length: 10 }, () => stores.ask(purchase)))).toEqual(Array(10).fill({ ...BOUGHT, is_test: false }));
    expect(await calls('google')).toMatchObject({ token: 1, get: 10 });
    // Forgets its tokens, and purchases too.
    await control('POST', '/reset');
    const again = await google();
    await expect(stores.ask(again)).rejects.toThrow('HTTP 401');
    expect(await stores.ask(again)).toMatchObject(BOUGHT);
  });

  test('that refuses the service account is waited for', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await expect(open({ google: { ...options.google!, account: { ...options.google!.account!, private_key: other } } }).ask(await google())).rejects.toThrow('no token (HTTP 400)');
    await expect(open({ google: { ...options.google!, account: null } }).ask(await google())).rejects.toThrow(StoreDown);
  });

  test('is told once that the coins are there', async () => {
    const stores = open();
    const purchase = await google();
    const before = await calls('google');
    for (let times = 0; times < 3; times += 1) await stores.finish(purchase);
    const after = await calls('google');
    expect([after.acknowledge! - (before.acknowledge ?? 0), after.consume! - (before.consume ?? 0)]).toEqual([1, 1]);
  });

  test('whose keys can not be had can not be verified now: its notification is answered 503', async () => {
    await control('PUT', '/identity/google/trouble', { status: 500 });
    const { token } = await control<{ token: string }>('POST', '/identity/google/tokens', { sub: '1', aud: options.google!.audience, claims: { email: options.google!.email, email_verified: true } });
    const stores = open();
    expect(await stores.readGoogleNotification(`Bearer ${token}`, {})).toMatchObject({ ok: false, isDown: true });
    const api = await createTestApi({}, { stores });
    opened.push(api);
    const answer = await api.call('POST', '/webhook/google-play', { headers: { authorization: `Bearer ${token}` }, body: { message: { data: 'e30=', messageId: '1' } } });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '10']);
  });
});

test('A store that is not set up takes nothing', async () => {
  const api = await createTestApi();
  opened.push(api);
  for (const [path, body] of [['apple-store', { signedPayload: 'x' }], ['google-play', { message: { data: 'e30=', messageId: '1' } }]] as const) {
    expect((await api.call('POST', `/webhook/${path}`, { body })).body).toMatchObject({ code: 'store_off' });
  }
});

describe('What a store answers', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/small' }).end();
      else if (request.url === '/cut') response.destroy();
      else response.end(request.url === '/large' ? '"'.padEnd(2 * 1024 * 1024, 'x') : request.url === '/words' ? 'hello' : '{"a":1}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test('is bounded, and no redirect is followed', async () => {
    const http = createStoreHttp('The store', 2_000);
    opened.push(http);
    expect(await http.send({ method: 'GET', url: `${url}/small` })).toMatchObject({ status: 200, json: { a: 1 } });
    expect(await http.send({ method: 'GET', url: `${url}/words` })).toMatchObject({ status: 200, json: null });
    expect(await http.send({ method: 'GET', url: `${url}/moved` })).toMatchObject({ status: 302 });
    await expect(http.send({ method: 'GET', url: `${url}/large` })).rejects.toThrow('more than 262144 bytes');
    await expect(http.send({ method: 'GET', url: `${url}/cut` })).rejects.toThrow('could not be reached');
    const fault = await http.send({ method: 'GET', url: 'http://127.0.0.1:9/secret-token' }).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(StoreDown);
    expect((fault as Error).message).not.toContain('secret-token');
  });
});
