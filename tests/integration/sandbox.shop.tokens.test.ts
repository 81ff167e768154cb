import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { SANDBOX_SHOP_APP } from '../../domain/sandbox-app.ts';
import { INDONESIA, ShopSandbox, UK } from '../helpers/shop-sandbox.ts';

const SHOPS = '/authorization/202309/shops';
const SELLER = '/sellers/Nordlicht Trading';

let tiktok: ShopSandbox;
beforeAll(async () => {
  tiktok = await ShopSandbox.start();
});
beforeEach(() => tiktok.reset());
afterAll(() => tiktok.close());

const shops = (token: string) => tiktok.call(SHOPS, { shop: null, token });

test('consent gives a code, once; the code gives tokens whose ends are epochs; they are good for both shops', async () => {
  const page = await tiktok.send(`/open/authorize?service_id=${SANDBOX_SHOP_APP.service_id}&state=abc`);
  expect(page.text).toMatch(/name="seller"[\s\S]*id="approve"/);
  expect((await tiktok.send(`/open/authorize?service_id=${SANDBOX_SHOP_APP.app_key}`)).status).toBe(404);
  await tiktok.control('PATCH', `/apps/${SANDBOX_SHOP_APP.app_key}`, { redirect_url: 'http://127.0.0.1:8080/back?x=1' });
  await tiktok.settings({ consent: { auto: { seller: 'Nordlicht Trading' } } });
  const consent = () => tiktok.send(`/open/authorize?service_id=${SANDBOX_SHOP_APP.service_id}&state=a%20b`);
  const back = new URL((await consent()).headers.get('location')!);
  expect(Object.fromEntries(back.searchParams)).toMatchObject({ x: '1', state: 'a b', app_key: SANDBOX_SHOP_APP.app_key, shop_region: 'GB', code: expect.stringMatching(/.{20}/) });

  const auth_code = back.searchParams.get('code')!;
  expect(await tiktok.tokenHost('get', { auth_code, app_secret: 'wrong' })).toMatchObject({ status: 200, code: 98001004, data: null });
  expect(await tiktok.tokenHost('get', { auth_code, grant_type: 'authorization_code' })).toMatchObject({ code: 98001004 });
  const { data } = await tiktok.tokenHost('get', { auth_code });
  const now = Date.now() / 1_000;
  expect(data).toMatchObject({ user_type: 0, seller_name: 'Nordlicht Trading', seller_base_region: 'GB', open_id: expect.any(String), granted_scopes: expect.arrayContaining(['seller.order.info']) });
  expect(data.access_token_expire_in - now).toBeGreaterThan(6.9 * 86_400);
  expect(data.refresh_token_expire_in - now).toBeGreaterThan(300 * 86_400);
  expect(await tiktok.tokenHost('get', { auth_code })).toMatchObject({ code: 36004004 });
  const listed = (await shops(data.access_token)).data.shops;
  expect(listed.map(({ name, region }: { name: string; region: string }) => [name, region])).toEqual([[UK, 'GB'], [INDONESIA, 'ID']]);
  expect(new Set(listed.map(({ cipher }: { cipher: string }) => cipher)).size).toBe(2);

  await tiktok.settings({ consent: { auto: { seller: 'Nordlicht Trading', decision: 'deny' } } });
  expect(Object.fromEntries(new URL((await consent()).headers.get('location')!).searchParams)).toEqual({ x: '1', code: 'null', error: 'auth_denied', state: 'a b' });
});

test('a code dies after half an hour', async () => {
  const { code } = await tiktok.control('POST', '/code');
  await tiktok.advance(1_800_000);
  expect(await tiktok.tokenHost('get', { auth_code: code })).toMatchObject({ code: 36004004 });
});

test('a refresh rotates both tokens, or keeps the refresh token where that is switched', async () => {
  const first = tiktok.refreshToken;
  const { data } = await tiktok.tokenHost('refresh', { refresh_token: first });
  expect(data.refresh_token).not.toBe(first);
  expect((await shops(data.access_token)).code).toBe(0);
  expect((await shops(tiktok.token)).code).toBe(0);
  expect(await tiktok.tokenHost('refresh', { refresh_token: first })).toMatchObject({ code: 36004005 });

  await tiktok.settings({ tokens: { rotate: false, previous_access_dies: true } });
  const again = (await tiktok.tokenHost('refresh', { refresh_token: data.refresh_token })).data;
  expect(again.refresh_token).toBe(data.refresh_token);
  expect(await shops(data.access_token)).toMatchObject({ status: 401, code: 36009004 });
  expect((await shops(again.access_token)).code).toBe(0);
});

test('tokens expire by the clock and by order; a revoked consent ends them, and says so to both shops', async () => {
  await tiktok.settings({ tokens: { access_lifetime_s: 60 } });
  const { data } = await tiktok.tokenHost('refresh', { refresh_token: tiktok.refreshToken });
  await tiktok.advance(60_000);
  expect(await shops(data.access_token)).toMatchObject({ status: 401, code: 105002 });
  await tiktok.control('POST', `${SELLER}/expire`, { which: 'refresh' });
  expect(await tiktok.tokenHost('refresh', { refresh_token: data.refresh_token })).toMatchObject({ code: 36004001 });

  await tiktok.reset();
  await tiktok.control('PATCH', `/apps/${SANDBOX_SHOP_APP.app_key}`, { webhook_url: 'http://127.0.0.1:1/' });
  await tiktok.control('POST', `${SELLER}/revoke`);
  expect(await shops(tiktok.token)).toMatchObject({ status: 401, code: 36009004 });
  expect(await tiktok.tokenHost('refresh', { refresh_token: tiktok.refreshToken })).toMatchObject({ code: 36004005 });
  const { deliveries } = await tiktok.control('GET', '/webhooks?type=6');
  expect(deliveries.map(({ shop_id }: { shop_id: string }) => shop_id)).toEqual([tiktok.shopId(UK), tiktok.shopId(INDONESIA)]);
});

test('webhook 7 tells the end of the authorization as text', async () => {
  await tiktok.control('PATCH', `/apps/${SANDBOX_SHOP_APP.app_key}`, { webhook_url: 'http://127.0.0.1:1/' });
  const { deliveries } = await tiktok.control('POST', `${SELLER}/expiring`, { expires_in_s: 86_400 });
  expect(deliveries).toHaveLength(2);
  expect(JSON.parse(deliveries[0].body).data).toEqual({ message: expect.any(String), expiration_time: expect.stringMatching(/^\d{10}$/) });
});
