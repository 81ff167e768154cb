import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SANDBOX_SHOP_APP } from '../../domain/sandbox-app.ts';
import { signatureOf, webhookSignature } from '../../sandbox/shop/wire/signature.ts';
import { INDONESIA, shopSign, ShopSandbox, UK } from '../helpers/shop-sandbox.ts';

const SHOPS = '/authorization/202309/shops';
const ORDERS = '/order/202309/orders/search';

let tiktok: ShopSandbox;
beforeAll(async () => {
  tiktok = await ShopSandbox.start();
});
beforeEach(() => tiktok.reset());
afterAll(() => tiktok.close());

/** Published requests: each secret, time and digest as it was printed. */
const PUBLISHED: { method: string; path: string; query: Record<string, string>; body: string; secret: string; sign: string }[] = [
  { method: 'GET', path: SHOPS, query: { app_key: '29a39d', timestamp: '1623812664' }, body: '', secret: 'e59af819cc', sign: 'b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8' },
  {
    method: 'PUT',
    path: '/event/202309/webhooks',
    query: { app_key: '68xu9ks5p4i8', shop_cipher: 'ROW_xkMbgAAAeVAQra0eZWebFQq5aIK', timestamp: '1696909648' },
    body: '{"address":"https://partner.tiktokshop.com","event_type":"PACKAGE_UPDATE"}',
    secret: 'e59af819cc',
    sign: 'cd0d6268252f4ba293bf7ea4c0a2873bf9beec600d22530638564ab301435f7a',
  },
  {
    method: 'GET',
    path: '/event/202309/webhooks',
    query: { app_key: '68xu9ks5p4i8', shop_cipher: 'ROW_xkMbgAAAeVAQra0eZWebFQq5aIK', timestamp: '1696909648' },
    body: '',
    secret: 'e59af819cc',
    sign: 'ed58e1b5e59865c22a7b828c1cab65007441f43cc91a6cb2f2cdc638e0995a37',
  },
];

describe('signature', () => {
  test.each(PUBLISHED)('the published $method $path is accepted, and any other byte is not', async ({ method, path, query, body, secret, sign }) => {
    await tiktok.control('POST', '/apps', { app_key: query['app_key'], app_secret: secret });
    await tiktok.control('POST', '/shops', { name: 'Published', region: 'GB', seller: 'Published', cipher: 'ROW_xkMbgAAAeVAQra0eZWebFQq5aIK' });
    await tiktok.control('POST', '/clock', { offset_ms: Number(query['timestamp']) * 1_000 - Date.now() });
    const { access_token } = await tiktok.control('POST', '/grant', { seller: 'Published', app_key: query['app_key'] });
    const init = { method, headers: { 'x-tts-access-token': access_token, 'content-type': 'application/json' }, ...(body ? { body } : {}) };
    const url = (parameters: Record<string, string>) => `${path}?${new URLSearchParams(parameters)}`;
    expect(await tiktok.send(url({ ...query, sign }), init)).toMatchObject({ status: 200, code: 0, message: 'Success' });
    for (const wrong of [sign.toUpperCase(), sign.slice(1), `${sign}0`, sign.replace(/.$/, (last) => (last === '0' ? '1' : '0'))]) {
      expect(await tiktok.send(url({ ...query, sign: wrong }), init)).toMatchObject({ status: 401, code: 106001 });
    }
    expect(await tiktok.send(url({ ...query, sign, extra: '' }), init)).toMatchObject({ status: 401, code: 106001 });
    if (body) expect(await tiktok.send(url({ ...query, sign }), { ...init, body: body.replace(',', ', ') })).toMatchObject({ status: 401, code: 106001 });
  });

  test('a page token is signed decoded, and a webhook over the app key and its body', () => {
    const query = new URLSearchParams(
      'app_key=38abcd&shop_cipher=GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3&timestamp=1789105000&currency=LOCAL&page_token=cGFnZV9udW1iZXI9MQ%3D%3D&sign=x&access_token=y',
    );
    const path = '/analytics/202510/shop_lives/7512345678901234567/performance_per_minutes';
    const unsigned = { path, query, contentType: undefined, body: Buffer.alloc(0) };
    expect(signatureOf('bi-mat-ung-dung-gia', unsigned)).toBe('30a273bb12eba1e39455dab226e59c54d6b682326eb61f8ec8a343bb557f0d0d');
    expect(signatureOf('bi-mat-ung-dung-gia', { ...unsigned, contentType: 'multipart/form-data; boundary=x', body: Buffer.from('file') })).toBe(signatureOf('bi-mat-ung-dung-gia', unsigned));
    const body =
      '{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID","update_time":1718305585}}';
    expect(webhookSignature('abcdef', '123', body)).toBe('5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05');
  });

  test('keys are sorted by code point, empty values count, {} is a body', async () => {
    const query = { Zebra: '1', _under: '2', apple: '', page_size: '1' };
    expect(await tiktok.post(ORDERS, '{}', { query })).toMatchObject({ code: 0 });
    const { now_ms } = await tiktok.control('GET', '/clock');
    const all: Record<string, string> = { app_key: SANDBOX_SHOP_APP.app_key, timestamp: String(Math.floor(now_ms / 1_000)), shop_cipher: tiktok.shops[UK]!.cipher, page_size: '1' };
    const sign = shopSign(SANDBOX_SHOP_APP.app_secret, ORDERS, all, '');
    expect(await tiktok.post(ORDERS, '{}', { query: { ...all, sign } })).toMatchObject({ code: 106001 });
  });
});

describe('what the gateway asks for, in its order', () => {
  const signed = (query: Record<string, string>) => tiktok.call(SHOPS, { shop: null, query });

  test('path, method, app_key, sign, timestamp, signature, token, expiry, scope, cipher, body', async () => {
    expect(await tiktok.send('/authorization/202309/token')).toMatchObject({ status: 404, code: 36009009 });
    expect(await tiktok.send('/order/202309/orders/7710535494332600911', { method: 'POST' })).toMatchObject({ status: 404, code: 36009009 });
    expect(await tiktok.send(ORDERS)).toMatchObject({ status: 405, code: 36009010 });
    expect(await tiktok.send(SHOPS)).toMatchObject({ status: 400, code: 36009004, message: expect.stringContaining('Invalid app_key') });
    expect(await tiktok.send(`${SHOPS}?app_key=${SANDBOX_SHOP_APP.app_key}`)).toMatchObject({ code: 36009004, message: expect.stringMatching(/Missing credentials.*signature/) });
    expect(await tiktok.send(`${SHOPS}?app_key=${SANDBOX_SHOP_APP.app_key}&sign=x`)).toMatchObject({ code: 36009004, message: expect.stringMatching(/Timestamp is a required field/) });
    expect(await tiktok.call(SHOPS, { shop: null, token: null })).toMatchObject({ status: 401, code: 36009004, message: expect.stringContaining('x-tts-access-token') });
    await tiktok.control('POST', '/sellers/Nordlicht Trading/expire');
    expect(await tiktok.call(ORDERS, { method: 'POST', shop: null })).toMatchObject({ status: 401, code: 105002, message: expect.stringMatching(/expired.*refresh/i) });
    ({ access_token: tiktok.token } = await tiktok.control('POST', '/grant'));
    await tiktok.control('POST', '/sellers/Nordlicht Trading/scopes', { strip: ['seller.order.info'] });
    expect(await tiktok.call(ORDERS, { method: 'POST', shop: null })).toMatchObject({ status: 401, code: 105005 });
    await tiktok.control('POST', '/sellers/Nordlicht Trading/scopes', { restore: true });
    expect(await tiktok.call(ORDERS, { method: 'POST', shop: null })).toMatchObject({ status: 400, code: 106013 });
    expect(await tiktok.post(ORDERS, {}, { shop: 'ROW_nobody' })).toMatchObject({ code: 106011 });
    expect(await tiktok.post(ORDERS)).toMatchObject({ status: 400, code: 36009004, message: expect.stringContaining('PageSize is a required field and has not been provided') });
  });

  test('a timestamp from 5 minutes ago to 30 seconds ahead', async () => {
    const now = Math.floor(Date.now() / 1_000);
    for (const [timestamp, words] of [
      [-5, 'lesser than 0'],
      [now - 310, 'earlier than 5 minutes'],
      [now + 40, 'more than 30 seconds'],
      [now * 1_000, 'more than 30 seconds'],
    ] as const) {
      expect(await signed({ timestamp: String(timestamp) })).toMatchObject({ code: 36009004, message: expect.stringContaining(words) });
    }
    const { headers } = await signed({ timestamp: String(now + 40) });
    expect(Math.abs(Date.parse(headers.get('date')!) / 1_000 - now)).toBeLessThan(10);
    for (const timestamp of [now - 290, now + 20]) expect(await signed({ timestamp: String(timestamp) })).toMatchObject({ code: 0 });
  });

  test('the Date header follows the sandbox’s clock', async () => {
    await tiktok.advance(3_600_000);
    const { headers } = await tiktok.send(SHOPS);
    expect(Date.parse(headers.get('date')!) - Date.now()).toBeGreaterThan(3_590_000);
  });

  test('a cipher where none is needed, and one of another seller, are refused', async () => {
    expect(await tiktok.call(SHOPS)).toMatchObject({ code: 36009004, message: expect.stringMatching(/shop_cipher.*not required/) });
    const stranger = await tiktok.control('POST', '/shops', { name: 'Stranger', region: 'US', seller: 'Somebody' });
    expect(await tiktok.post(ORDERS, {}, { shop: stranger.cipher, query: { page_size: '1' } })).toMatchObject({ status: 401, code: 101000 });
    await tiktok.control('PATCH', `/shops/${tiktok.shopId(UK)}`, { active: false });
    expect(await tiktok.post(ORDERS, {}, { query: { page_size: '1' } })).toMatchObject({ code: 36009043 });
    expect((await tiktok.call('/seller/202309/shops', { shop: null })).data.shops).toEqual([{ id: tiktok.shopId(INDONESIA), region: 'ID' }]);
  });

  test('fields are named as Go names them; a doubled content type is no JSON; lower-case order is refused', async () => {
    const product = (await tiktok.control('GET', `/products?shop_id=${tiktok.shopId(UK)}`)).products[0];
    const path = `/product/202309/products/${product.id}/prices/update`;
    expect(await tiktok.post(path, {})).toMatchObject({ code: 36009004, message: expect.stringContaining('Skus is a required field') });
    expect(await tiktok.post(path, { skus: [{ id: 'x', price: {} }] })).toMatchObject({ message: expect.stringContaining('Currency of Price is a required field') });
    expect(await tiktok.post(path, {}, { headers: { 'content-type': 'application/json, application/json' } })).toMatchObject({ status: 400, code: 36009022 });
    expect(await tiktok.post(ORDERS, {}, { query: { page_size: '1', sort_order: 'asc' } })).toMatchObject({ code: 36009004 });
  });
});

test('the rate is one of app, shop and endpoint; Retry-After comes where it is set', async () => {
  await tiktok.settings({ limits: { per_second: 2 } });
  const search = (shop = UK) => tiktok.post(ORDERS, {}, { shop, query: { page_size: '1' } });
  const answers = await Promise.all([search(), search(), search()]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429]);
  expect(answers.find(({ status }) => status === 429)).toMatchObject({ code: 36009002 });
  expect((await search(INDONESIA)).code).toBe(0);
  await tiktok.settings({ limits: { per_second: 0, retry_after_s: 7 } });
  expect((await search()).headers.get('retry-after')).toBe('7');
});

test('faults: an answer in place of TikTok’s, with or without the deed; a broken connection; a delay', async () => {
  await tiktok.fault({ path: SHOPS, answer: { status: 429, code: 36009002, retry_after_s: 3 } });
  const limited = await tiktok.call(SHOPS, { shop: null });
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '3']);
  await tiktok.fault({ path: SHOPS, skip: 1, answer: { status: 502, body: '<html>Bad gateway</html>' } });
  expect((await tiktok.call(SHOPS, { shop: null })).code).toBe(0);
  expect((await tiktok.call(SHOPS, { shop: null })).text).toBe('<html>Bad gateway</html>');
  const subscribe = () => tiktok.call('/event/202309/webhooks', { method: 'PUT', body: { address: 'https://shop.example', event_type: 'ORDER_STATUS_CHANGE' } });
  const subscriptions = async () => (await tiktok.call('/event/202309/webhooks')).data.total_count;
  await tiktok.fault({ path: '/event/202309/webhooks', method: 'PUT', drop: 'before' });
  await expect(subscribe()).rejects.toThrow();
  expect(await subscriptions()).toBe(0);
  await tiktok.fault({ path: '/event/202309/webhooks', method: 'PUT', drop: 'after' });
  await expect(subscribe()).rejects.toThrow();
  expect(await subscriptions()).toBe(1);
  await tiktok.fault({ path: SHOPS, delay_ms: 150 });
  const begun = Date.now();
  await tiktok.call(SHOPS, { shop: null });
  expect(Date.now() - begun).toBeGreaterThanOrEqual(145);
});
