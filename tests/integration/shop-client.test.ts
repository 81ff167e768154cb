import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createShopClient, type ShopClientOptions } from '../../tiktok/shop/index.ts';
import { answerJson, done, inTurn, orderJson, refusedWith, REQUEST_ID, SHOP, SHOP_APP, startShop, type ShopAnswer, type ShopServer } from '../helpers/shop-server.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
async function shop(answer: ShopAnswer, options: Partial<ShopClientOptions> = {}): Promise<ShopServer> {
  const server = await startShop(answer, options);
  closing.push(() => server.close());
  return server;
}
const TOKENS = {
  access_token: 'ROW_new-access',
  access_token_expire_in: 1793865600,
  refresh_token: 'ROW_new-refresh',
  refresh_token_expire_in: 4828136400,
  open_id: '7010736057180325637',
  seller_name: 'Jjj test shop',
  seller_base_region: 'ID',
  user_type: 0,
  granted_scopes: ['seller.order.info'],
};

describe('Tokens', () => {
  test('are had for a code by an unsigned GET, and their lifetimes are moments', async () => {
    const { client, requests } = await shop(done(TOKENS));
    expect(await client.getTokens('TTP_code/+=')).toEqual({
      ok: true,
      value: {
        access_token: 'ROW_new-access',
        access_expires_at_ms: 1_793_865_600_000,
        refresh_token: 'ROW_new-refresh',
        refresh_expires_at_ms: 4_828_136_400_000,
        open_id: '7010736057180325637',
        seller_name: 'Jjj test shop',
        seller_base_region: 'ID',
        user_type: 0,
        granted_scopes: ['seller.order.info'],
      },
    });
    expect(requests).toMatchObject([{ method: 'GET', path: '/api/v2/token/get' }]);
    expect(new URLSearchParams(Object.entries(requests[0]!.query)).get('auth_code')).toBe('TTP_code/+=');
    expect(requests[0]!.query).toEqual({ ...SHOP_APP, auth_code: 'TTP_code/+=', grant_type: 'authorized_code' });
  });

  test('are refreshed', async () => {
    const { client, requests } = await shop(done(TOKENS));
    expect(await client.refreshTokens('ROW_old')).toMatchObject({ ok: true, value: { refresh_token: 'ROW_new-refresh' } });
    expect(requests[0]).toMatchObject({ path: '/api/v2/token/refresh', query: { ...SHOP_APP, refresh_token: 'ROW_old', grant_type: 'refresh_token' } });
  });

  test.each([
    [36004004, 'shop_auth_code'],
    [36004001, 'shop_reconnect_needed'],
    [36004005, 'shop_reconnect_needed'],
    [98001004, 'tiktok_invalid_params'],
  ])('are refused with %d in an HTTP 200: %s', async (tiktok_code, code) => {
    const { client } = await shop(refusedWith(tiktok_code, 'no'));
    expect(await client.getTokens('code')).toMatchObject({ ok: false, code, tiktok_code, definite: true, retry: 'never' });
  });

  test('and secrets are in no failure, even where the answer quotes them', async () => {
    const quoting: ShopAnswer = (response, request) => refusedWith(36004004, `bad ${request.query.app_secret} ${request.query.refresh_token} ROW_another-token`)(response, request);
    const { client } = await shop(quoting);
    const said = JSON.stringify(await client.refreshTokens('my-refresh-token'));
    expect(said).toContain('bad [redacted] [redacted] [redacted]');
    expect(said).not.toContain('my-refresh-token');
    expect(said).not.toContain(SHOP_APP.app_secret);
  });

  test('that lack their lifetime are no tokens', async () => {
    const { client } = await shop(done({ ...TOKENS, refresh_token_expire_in: null }));
    expect(await client.refreshTokens('r')).toMatchObject({ ok: false, code: 'tiktok_bad_response', definite: false, reason: expect.stringContaining('refresh_token_expire_in') });
  });
});

describe('A call', () => {
  test('is signed over decoded parameters and the exact body, with the cipher and the token of its shop', async () => {
    const { client, requests } = await shop(done({ orders: [], next_page_token: '', total_count: 0 }));
    const page_token = 'aDU2dHIrL2s9PQ/+= ü&x';
    expect(await client.searchOrders(SHOP, { page_token, status: 'UNPAID', updated_from_ms: 1_500, updated_to_ms: 2_500, sort_field: 'update_time', sort_order: 'ASC' })).toEqual({
      ok: true,
      value: { items: [], unreadable: [], next_page_token: null, total_count: 0 },
    });
    const [request] = requests;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/order/202309/orders/search',
      signed: true,
      query: { app_key: SHOP_APP.app_key, shop_cipher: SHOP.shop_cipher, page_size: '100', page_token, sort_field: 'update_time', sort_order: 'ASC' },
      json: { order_status: 'UNPAID', update_time_ge: 1, update_time_lt: 3 },
    });
    expect([request!.headers['x-tts-access-token'], request!.headers['content-type']]).toEqual([SHOP.access_token, 'application/json']);
    expect(request!.query.timestamp).toMatch(/^\d{10}$/);
    expect(Object.keys(request!.query)).not.toContain('access_token');
  });

  test('has a body of {} where nothing is filtered, and none where it is a GET', async () => {
    const { client, requests } = await shop(done({}));
    await client.searchOrders(SHOP, {});
    await client.warehouses(SHOP);
    expect(requests.map(({ body, signed }) => [body, signed])).toEqual([['{}', true], ['', true]]);
  });

  test('names the shop only to endpoints of shops', async () => {
    const { client, requests } = await shop(done({ shops: [{ id: '7', name: 'A', region: 'GB', seller_type: 'LOCAL', cipher: 'GCP_x', code: 'GBLC' }] }));
    expect(await client.authorizedShops(SHOP)).toEqual({ ok: true, value: [{ id: '7', name: 'A', region: 'GB', seller_type: 'LOCAL', cipher: 'GCP_x', code: 'GBLC' }] });
    expect(await client.activeShops(SHOP)).toEqual({ ok: true, value: [{ id: '7', region: 'GB' }] });
    expect(requests.map(({ path, signed, query }) => [path, signed, 'shop_cipher' in query])).toEqual([
      ['/authorization/202309/shops', true, false],
      ['/seller/202309/shops', true, false],
    ]);
  });

  test.each(['../x', 'a/b', '/1', '', '1?x=1', '\ud800', '%2e', 'a'.repeat(65)])('with “%s” for an id is not sent', async (bad) => {
    const { client, requests } = await shop(done({}));
    expect(await client.product(SHOP, bad)).toMatchObject({ ok: false, code: 'tiktok_invalid_params', definite: true, retry: 'never' });
    expect(requests).toEqual([]);
  });

  test('with more items than TikTok takes is an error of ours', async () => {
    const { client, requests } = await shop(done({}));
    const ids = Array.from({ length: 601 }, (_, index) => String(index));
    await expect(client.orders(SHOP, ids.slice(0, 51))).rejects.toThrow(RangeError);
    await expect(client.activateProducts(SHOP, ids.slice(0, 21))).rejects.toThrow(RangeError);
    await expect(client.inventory(SHOP, { sku_ids: ids })).rejects.toThrow(RangeError);
    await expect(client.searchOrders(SHOP, { page_size: 101 })).rejects.toThrow(RangeError);
    expect(requests).toEqual([]);
  });

  test('uses its connections again, and a connection of its own where it must not be sent twice', async () => {
    const { client, connections } = await shop(done({}));
    for (let turn = 0; turn < 8; turn += 1) await client.warehouses(SHOP);
    const kept = connections();
    // A call may come before the connection of the one before it is free again.
    expect(kept).toBeLessThanOrEqual(2);
    for (let turn = 0; turn < 3; turn += 1) await client.shipPackage(SHOP, '1', { kind: 'tiktok' });
    expect(connections()).toBe(kept + 3);
  });
});

describe('The clock', () => {
  const SKEWED = 7 * 60_000;
  const strict: ShopAnswer = (response, request) => {
    const off = Number(request.query.timestamp) - Date.now() / 1_000;
    const words = off < -300 ? "The 'timestamp' is earlier than 5 minutes." : off > 30 ? "The 'timestamp' is more than 30 seconds ahead." : null;
    return (words === null ? done({ warehouses: [] }) : refusedWith(36009004, words, 400))(response, request);
  };

  test.each([['behind', -SKEWED], ['ahead', SKEWED]])('that is %s is put right once, by TikTok’s Date, and stays so', async (_name, skew) => {
    const { client, requests } = await shop(strict, { now: () => Date.now() + skew });
    expect(await client.warehouses(SHOP)).toEqual({ ok: true, value: [] });
    expect(await client.warehouses(SHOP)).toEqual({ ok: true, value: [] });
    expect(requests).toHaveLength(3);
    expect(requests.every(({ signed }) => signed)).toBe(true);
    expect(new Set(requests.map(({ query }) => query.sign)).size).toBeGreaterThan(1);
    expect(Math.abs(Number(requests[2]!.query.timestamp) - Date.now() / 1_000)).toBeLessThan(3);
  });

  test('is corrected for one retry only', async () => {
    const { client, requests } = await shop(refusedWith(36009004, 'Invalid timestamp: cannot be lesser than 0', 400));
    expect(await client.warehouses(SHOP)).toMatchObject({ ok: false, code: 'shop_clock_skew', definite: true, retry: 'later' });
    expect(requests).toHaveLength(2);
  });

  test('is left alone where TikTok does not say the time', async () => {
    const { client, requests } = await shop((response, request) => {
      response.sendDate = false;
      refusedWith(36009004, "The 'timestamp' is earlier than 5 minutes.", 400)(response, request);
    });
    expect(await client.warehouses(SHOP)).toMatchObject({ ok: false, code: 'shop_clock_skew' });
    expect(requests).toHaveLength(1);
  });
});

describe('A failure', () => {
  test.each<[string, ShopAnswer, object]>([
    ['an expired token', refusedWith(105002, "The 'access_token' has expired, please refresh it", 401), { code: 'tiktok_token_invalid', tiktok_code: 105002, definite: true, retry: 'refresh' }],
    ['an expired token in an HTTP 200', refusedWith(105002, 'expired'), { code: 'tiktok_token_invalid', retry: 'refresh' }],
    ['a missing scope', refusedWith(105005, 'apply auth pkg', 401), { code: 'shop_scope_missing', definite: true, retry: 'never' }],
    ['a wrong signature', refusedWith(106001, 'sign invalid', 401), { code: 'shop_app_refused', definite: true, retry: 'never' }],
    ['an internal error in an HTTP 200', refusedWith(36009003, 'Internal error'), { code: 'tiktok_internal', definite: false, retry: 'later' }],
    ['a business code', refusedWith(21011044, 'on hold'), { code: 'shop_order_on_hold', definite: true, retry: 'later' }],
    ['a code nobody knows', refusedWith(99999999, 'new'), { code: 'shop_refused', tiktok_code: 99999999, definite: true, retry: 'never', reason: `TikTok Shop: 99999999, “new” (request_id ${REQUEST_ID}).` }],
    ['a gateway’s page', answerJson('<html>Bad gateway</html>', 502), { code: 'tiktok_internal', tiktok_code: null, definite: false, retry: 'later' }],
    ['503 with Retry-After', answerJson('', 503, { 'retry-after': '9' }), { code: 'tiktok_internal', definite: false, retry: 'later', retry_after_ms: 9_000 }],
    ['HTML as success', answerJson('<html></html>'), { code: 'tiktok_bad_response', definite: false, retry: 'later' }],
    ['half of a JSON', answerJson('{"code":0,"data":{"wareho'), { code: 'tiktok_bad_response', definite: false }],
    ['nothing', answerJson(''), { code: 'tiktok_bad_response', definite: false }],
    ['a code of null', answerJson({ code: null, data: {} }), { code: 'tiktok_bad_response', definite: false }],
    ['a list of nonsense', done({ warehouses: [{ id: {} }] }), { code: 'tiktok_bad_response', definite: false, reason: expect.stringContaining('warehouses.0.id') }],
    ['success with HTTP 500', answerJson({ code: 0, message: 'Success', data: { warehouses: [] } }, 500), { code: 'tiktok_internal', definite: false }],
    ['a redirect', (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), { code: 'tiktok_bad_response', definite: true }],
    ['a body without an end', (response) => void response.end(Buffer.alloc(17 * 1024 * 1024, 0x20)), { code: 'tiktok_bad_response', definite: false }],
    ['a connection that breaks', (response) => void response.destroy(), { code: 'tiktok_unreachable', definite: false, retry: 'later' }],
  ])('is typed: %s', async (_name, answer, failure) => {
    const { client, requests } = await shop(answer);
    expect(await client.warehouses(SHOP)).toMatchObject({ ok: false, ...failure });
    expect(requests).toHaveLength(1);
  });

  test('holds no token that TikTok quotes', async () => {
    const { client } = await shop((response, request) => refusedWith(105002, `token ${request.headers['x-tts-access-token']} of ${SHOP_APP.app_secret}`, 401)(response, request));
    const said = JSON.stringify(await client.warehouses(SHOP));
    expect(said).toContain('token [redacted] of [redacted]');
  });

  test.each([['headers', false], ['body', true]])('is no answer, where the %s do not come in time', async (_name, withHeaders) => {
    const { client } = await shop((response) => void (withHeaders && response.writeHead(200).write('{"code":')), { timeoutMs: 150 });
    expect(await client.warehouses(SHOP)).toMatchObject({ ok: false, code: 'tiktok_unreachable', definite: false, retry: 'later', reason: 'TikTok Shop did not answer within 0.15 s.' });
  });

  test('is definite where nobody listens', async () => {
    const server = createTcpServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise((resolve) => server.close(resolve));
    const { client } = await shop(done({}), { apiUrl: url });
    expect(await client.warehouses(SHOP)).toMatchObject({ ok: false, code: 'tiktok_unreachable', definite: true });
  });

  test('is the caller’s own where the caller stops', async () => {
    const { client, requests } = await shop(() => undefined);
    const abort = new AbortController();
    const call = client.warehouses(SHOP, abort.signal);
    while (requests.length === 0) await new Promise(setImmediate);
    abort.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    await expect(client.warehouses(SHOP, abort.signal)).rejects.toThrow('enough');
    expect(requests).toHaveLength(1);
  });

  test('is what a closed client gives', async () => {
    const { client, requests } = await shop(done({}));
    await client.close();
    expect(await client.warehouses(SHOP)).toMatchObject({ ok: false, code: 'unavailable', definite: true });
    expect(requests).toEqual([]);
  });

  test('is at once that of a client whose API has a path: its signatures would be wrong', () => {
    expect(() => createShopClient({ apiUrl: 'http://127.0.0.1:1/tiktok', authUrl: 'http://127.0.0.1:1', app: SHOP_APP })).toThrow(RangeError);
  });
});

describe('The limit of a shop', () => {
  const OTHER = { ...SHOP, shop_id: '7495540735365777508' };
  const quick = { initial: 50, least: 10, most: 50 };

  test('is waited for as long as Retry-After says, and other shops go on', async () => {
    const { client, requests } = await shop(inTurn(refusedWith(36009002, 'Too many requests', 429, { 'retry-after': '1' }), done({ warehouses: [] })), { pace: quick });
    expect(await client.warehouses(SHOP)).toMatchObject({ ok: false, code: 'tiktok_rate_limited', definite: true, retry: 'later', retry_after_ms: 1_000 });
    const next = client.warehouses(SHOP);
    expect(await client.warehouses(OTHER)).toEqual({ ok: true, value: [] });
    expect(await next).toEqual({ ok: true, value: [] });
    expect(requests[2]!.at_ms - requests[0]!.at_ms).toBeGreaterThanOrEqual(990);
    expect(requests[1]!.at_ms - requests[0]!.at_ms).toBeLessThan(900);
  });

  test('slows us down without Retry-After too', async () => {
    const { client, requests } = await shop(inTurn(answerJson('slow down', 429), done({ warehouses: [] })), { pace: quick });
    expect(await client.warehouses(SHOP)).toMatchObject({ ok: false, code: 'tiktok_rate_limited', retry_after_ms: null });
    expect(await client.warehouses(SHOP)).toEqual({ ok: true, value: [] });
    expect(requests[1]!.at_ms - requests[0]!.at_ms).toBeGreaterThanOrEqual(990);
  });

  test('is served first come, first served, and never faster than the pace', async () => {
    const { client, requests } = await shop(done({ products: [], orders: [] }), { pace: { initial: 20, least: 1, most: 20 } });
    const ids = Array.from({ length: 25 }, (_, index) => String(index + 1));
    await Promise.all(ids.map((orderId) => client.orders(SHOP, [orderId])));
    expect(requests.map(({ query }) => query.ids)).toEqual(ids);
    expect(requests[24]!.at_ms - requests[0]!.at_ms).toBeGreaterThanOrEqual(700);
  });

  test('holds back what would wait for too long, and what is too much', async () => {
    const { client, requests } = await shop(done({ warehouses: [] }), { pace: { initial: 1, least: 1, most: 1 }, maxWaitMs: 1_500, maxWaiting: 500 });
    const results = await Promise.all(Array.from({ length: 4 }, () => client.warehouses(SHOP)));
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false, false]);
    expect(results[2]).toMatchObject({ code: 'tiktok_rate_limited', definite: true, retry: 'later', tiktok_code: null, retry_after_ms: expect.any(Number) });
    expect(requests).toHaveLength(2);
    const small = await shop(done({ warehouses: [] }), { pace: { initial: 2, least: 1, most: 2 }, maxWaiting: 1 });
    expect((await Promise.all(Array.from({ length: 3 }, () => small.client.warehouses(SHOP)))).map(({ ok }) => ok)).toEqual([true, true, false]);
  });

  test('does not keep a place for a caller who left', async () => {
    const { client, requests } = await shop(done({ warehouses: [] }), { pace: { initial: 2, least: 1, most: 2 } });
    const abort = new AbortController();
    const calls = [client.warehouses(SHOP), client.warehouses(SHOP, abort.signal), client.orders(SHOP, ['1'])];
    abort.abort(new Error('left'));
    await expect(calls[1]).rejects.toThrow('left');
    expect((await Promise.all([calls[0], calls[2]])).map((result) => result?.ok)).toEqual([true, true]);
    expect(requests.map(({ path }) => path)).toEqual(['/logistics/202309/warehouses', '/order/202507/orders']);
    expect(requests[1]!.at_ms - requests[0]!.at_ms).toBeLessThan(900);
  });

  test('does not keep callers waiting of a client that closes', async () => {
    const { client } = await shop(done({ warehouses: [] }), { pace: { initial: 1, least: 1, most: 1 } });
    await client.warehouses(SHOP);
    const waiting = client.warehouses(SHOP);
    await client.close();
    expect(await waiting).toMatchObject({ ok: false, code: 'unavailable', definite: true });
  });
});

describe('Pages', () => {
  test('follow one another by opaque tokens, the last one empty or absent', async () => {
    const order = (id: string) => orderJson({ id });
    const tokens = ['a/b+c==', 'ü&= %2F', ''];
    const { client, requests } = await shop((response, request) => {
      const page = request.query.page_token === undefined ? 0 : tokens.indexOf(request.query.page_token) + 1;
      const last = page === 3;
      done({ orders: [order(String(page + 1))], total_count: 4, ...(last ? {} : { next_page_token: tokens[page] }) })(response, request);
    });
    const ids: string[] = [];
    let page_token: string | null = null;
    do {
      const page = await client.searchOrders(SHOP, { page_token });
      if (!page.ok) throw new Error(page.reason);
      ids.push(...page.value.items.map(({ id }) => id));
      page_token = page.value.next_page_token;
    } while (page_token !== null);
    expect(ids).toEqual(['1', '2', '3']);
    expect(requests.every(({ signed }) => signed)).toBe(true);
  });

  test('give what can be read, and say what can not', async () => {
    const bad = [orderJson({ id: '2', line_items: [{ id: '1' }] }), orderJson({ id: '3', payment: { currency: 'USD', total_amount: '1.005' } }), 'x', orderJson({ id: '5', create_time: null })];
    const { client } = await shop(done({ orders: [orderJson({ id: '1' }), ...bad, orderJson({ id: '6' })], total_count: 6 }));
    const page = await client.searchOrders(SHOP, {});
    if (!page.ok) throw new Error(page.reason);
    expect(page.value.items.map(({ id }) => id)).toEqual(['1', '6']);
    expect(page.value.unreadable).toEqual([
      { id: '2', reason: expect.stringContaining('line_items.0.product_id') },
      { id: '3', reason: expect.stringContaining('1.005') },
      { id: null, reason: expect.any(String) },
      { id: '5', reason: expect.stringContaining('create_time') },
    ]);
  });

  test('whose token TikTok no longer knows say so, for the list to begin anew', async () => {
    const { client } = await shop(refusedWith(36009004, "The 'page_token' is invalid", 400));
    expect(await client.searchOrders(SHOP, { page_token: 'old' })).toMatchObject({ ok: false, code: 'shop_page_token', definite: true, retry: 'never' });
  });
});
