import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { InitRequest } from '../../domain/contracts/open-api.ts';
import { TIKTOK_SCOPES } from '../../domain/contracts/social-account.ts';
import { createOpenApiClient, type OpenApiClient } from '../../tiktok/open-api/index.ts';

const APP = { client_key: 'aw-key', client_secret: 'app-secret-0123456789' };
const TOKEN = 'act.token-0123456789!4711.va';
const LOG_ID = '20261121070000AABBCCDDEEFF00112233';
const HTML = '<html><body>Bad gateway</body></html>';

interface Call {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}
interface TikTok {
  client: OpenApiClient;
  calls: Call[];
  connections(): number;
}
type Answer = (response: ServerResponse, call: Call) => void;

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A client whose TikTok answers so. */
async function tiktok(answer: Answer, timeoutMs = 5_000): Promise<TikTok> {
  const calls: Call[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const call = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString() };
      calls.push(call);
      answer(response, call);
    });
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const openApiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createOpenApiClient({ openApiUrl, app: APP, timeoutMs });
  closing.push(
    () => client.close(),
    () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  );
  return { client, calls, connections: () => connections };
}

const json =
  (body: unknown, status = 200, headers: { [name: string]: string } = {}): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));
const ok = (data: unknown): Answer => json({ data, error: { code: 'ok', message: '', log_id: LOG_ID } });
const refused = (code: string, status: number, message = '', data?: object): Answer => json({ ...(data ? { data } : {}), error: { code, message, log_id: LOG_ID } }, status);
const GRANT = { open_id: '-000YSS_x', scope: 'user.info.basic,video.list', access_token: 'act.new-token', expires_in: 7_200, refresh_token: 'rft.new-token', refresh_expires_in: 15_552_000, token_type: 'Bearer' };
const FILE_INIT: InitRequest = { route: 'direct_video', post_info: { title: 'x' }, source: { kind: 'file', plan: { video_size: 10, chunk_size: 10, total_chunk_count: 1 } } };

describe('Tokens', () => {
  test('are exchanged for a code by a form with the verifier', async () => {
    const { client, calls } = await tiktok(json(GRANT));
    const result = await client.exchangeCode({ code: 'co*de!1', code_verifier: 'verifier-1', redirect_uri: 'https://show.example/callback' });
    expect(result).toEqual({
      ok: true,
      value: { open_id: '-000YSS_x', scopes: ['user.info.basic', 'video.list'], access_token: 'act.new-token', access_expires_in_s: 7_200, refresh_token: 'rft.new-token', refresh_expires_in_s: 15_552_000 },
    });
    const [call] = calls;
    expect([call!.method, call!.url, call!.headers['content-type']]).toEqual(['POST', '/v2/oauth/token/', 'application/x-www-form-urlencoded']);
    expect(Object.fromEntries(new URLSearchParams(call!.body))).toEqual({
      ...APP,
      code: 'co*de!1',
      grant_type: 'authorization_code',
      redirect_uri: 'https://show.example/callback',
      code_verifier: 'verifier-1',
    });
  });

  test('are refreshed, and revoked with an empty answer', async () => {
    const { client, calls } = await tiktok((response, call) => (call.url.includes('revoke') ? response.end() : json(GRANT)(response, call)));
    expect(await client.refresh('rft.old')).toMatchObject({ ok: true, value: { refresh_token: 'rft.new-token' } });
    expect(await client.revoke(TOKEN)).toEqual({ ok: true, value: null });
    expect(calls.map(({ url, body }) => [url, Object.fromEntries(new URLSearchParams(body))])).toEqual([
      ['/v2/oauth/token/', { ...APP, grant_type: 'refresh_token', refresh_token: 'rft.old' }],
      ['/v2/oauth/revoke/', { ...APP, token: TOKEN }],
    ]);
  });

  test.each([200, 400])('that are gone mean a new consent, though TikTok says so with HTTP %d', async (status) => {
    const { client } = await tiktok(json({ error: 'invalid_grant', error_description: 'Refresh token is invalid or expired.', log_id: LOG_ID }, status));
    expect(await client.refresh('rft.old')).toEqual({
      ok: false,
      code: 'reconnect_needed',
      reason: `TikTok: invalid_grant, “Refresh token is invalid or expired.” (log_id ${LOG_ID}).`,
      tiktok_code: 'invalid_grant',
      definite: true,
      retryable: false,
      retry_after_ms: null,
    });
    expect(await client.exchangeCode({ code: 'c', code_verifier: null, redirect_uri: 'r' })).toMatchObject({ ok: false, code: 'oauth_failed' });
  });

  test.each([
    [{ error: 'invalid_client', error_description: '' }, { code: 'oauth_failed', definite: true, retryable: false }],
    [{ error: 'server_error', error_description: '' }, { code: 'tiktok_internal', definite: false, retryable: true }],
    [{ error: { code: 'rate_limit_exceeded', message: '', log_id: LOG_ID } }, { code: 'tiktok_rate_limited', definite: true, retryable: true }],
    [{ ...GRANT, refresh_token: undefined }, { code: 'tiktok_bad_response', definite: false, retryable: true }],
    [{ ...GRANT, expires_in: 0 }, { code: 'tiktok_bad_response', definite: false, retryable: true }],
  ])('survive a refresh that fails otherwise: %j', async (body, expected) => {
    const { client } = await tiktok(json(body));
    expect(await client.refresh('rft.old')).toMatchObject({ ok: false, ...expected });
  });
});

describe('Answers', () => {
  test('are read by their error, not by their status', async () => {
    const { client } = await tiktok(refused('spam_risk_too_many_posts', 200, '', {}));
    expect(await client.creatorInfo(TOKEN)).toMatchObject({ ok: false, code: 'tiktok_daily_cap', tiktok_code: 'spam_risk_too_many_posts', definite: true });
  });

  test.each([
    ['an error without data', refused('access_token_invalid', 401, 'The access token is invalid or not found in the request.'), { code: 'tiktok_token_invalid', definite: true, retryable: false }],
    ['a scope that is missing', refused('scope_not_authorized', 401, '', {}), { code: 'scope_missing', retryable: false }],
    ['a limit with its end', json({ error: { code: 'rate_limit_exceeded', message: '' } }, 429, { 'retry-after': '7' }), { code: 'tiktok_rate_limited', retry_after_ms: 7_000, retryable: true }],
    ['a limit in HTML', json(HTML, 429), { code: 'tiktok_rate_limited', tiktok_code: null, definite: true }],
    ['a fault in HTML', json(HTML, 502), { code: 'tiktok_internal', tiktok_code: null, definite: false, retryable: true }],
    ['a fault in JSON', refused('internal_error', 500), { code: 'tiktok_internal', definite: false, retryable: true }],
    ['a fault in HTTP 200', refused('internal_error', 200), { code: 'tiktok_internal', definite: false }],
    ['a fault that says ok', json({ data: {}, error: { code: 'ok' } }, 500), { code: 'tiktok_internal', definite: false }],
    ['HTML in HTTP 200', json(HTML), { code: 'tiktok_bad_response', definite: false, retryable: true }],
    ['half of JSON', json('{"data":{"status":"PUBLI'), { code: 'tiktok_bad_response', definite: false }],
    ['a list', json('[1]'), { code: 'tiktok_bad_response', definite: false }],
    ['an error without a code', json({ error: {} }), { code: 'tiktok_bad_response', definite: false }],
    ['no data', json({ error: { code: 'ok' } }), { code: 'tiktok_bad_response', reason: expect.stringContaining('status') }],
    ['nothing', json(''), { code: 'tiktok_bad_response', definite: false }],
    ['two megabytes', json(`{"data":"${'x'.repeat(2_000_000)}"}`), { code: 'tiktok_bad_response', reason: expect.stringContaining('more than 1048576 bytes') }],
    ['two megabytes of a refusal', json('x'.repeat(2_000_000), 403), { code: 'tiktok_invalid_params', definite: true }],
  ])('are values where they hold %s', async (_name, answer, expected) => {
    const { client } = await tiktok(answer);
    expect(await client.status(TOKEN, 'v_pub_file~v2-1.7')).toMatchObject({ ok: false, ...expected });
  });

  test('show the code where the message is a link and no more', async () => {
    const { client } = await tiktok(refused('unaudited_client_can_only_post_to_private_accounts', 403, 'https://developers.tiktok.com/doc/content-sharing-guidelines/'));
    expect(await client.init(TOKEN, FILE_INIT)).toMatchObject({
      code: 'tiktok_unaudited',
      reason: `TikTok: unaudited_client_can_only_post_to_private_accounts (log_id ${LOG_ID}).`,
    });
  });

  test('never show a secret that TikTok quotes', async () => {
    const { client } = await tiktok(refused('invalid_params', 400, `Token ${TOKEN} of ${APP.client_secret}, also act.another-token-1 and rft.refresh-me`));
    const result = await client.status(TOKEN, 'p');
    expect(result).toMatchObject({ ok: false, reason: `TikTok: invalid_params, “Token [redacted] of [redacted], also [redacted] and [redacted]” (log_id ${LOG_ID}).` });
  });

  test('carry the log_id of the header where the body has none', async () => {
    const { client } = await tiktok(json(HTML, 500, { 'x-tt-logid': LOG_ID }));
    expect(await client.status(TOKEN, 'p')).toMatchObject({ reason: expect.stringContaining(LOG_ID) });
  });

  test('that lead elsewhere are not followed', async () => {
    const { client, calls } = await tiktok(json('', 302, { location: '/v2/elsewhere/' }));
    expect(await client.status(TOKEN, 'p')).toMatchObject({ ok: false, code: 'tiktok_bad_response', definite: true, retryable: false });
    expect(calls).toHaveLength(1);
  });
});

describe('Without an answer', () => {
  test('a call ends by its timeout, and nobody knows what happened', async () => {
    const { client } = await tiktok(() => undefined, 100);
    expect(await client.refresh('rft.old')).toMatchObject({ ok: false, code: 'tiktok_unreachable', definite: false, retryable: true, reason: 'TikTok did not answer within 0.1 s.' });
  });

  test('an answer that stops in its middle ends by the timeout too', async () => {
    const { client } = await tiktok((response) => void response.writeHead(200, { 'content-length': '100' }).write('{"data"'), 100);
    expect(await client.status(TOKEN, 'p')).toMatchObject({ code: 'tiktok_unreachable', definite: false });
  });

  test.each<[string, Answer]>([
    ['before the answer', (response) => void response.destroy()],
    ['in the answer', (response) => void response.writeHead(200, { 'content-length': '100' }).write('{"data"', () => response.destroy())],
  ])('since the connection broke %s, nobody knows what happened', async (_name, answer) => {
    const { client } = await tiktok(answer);
    expect(await client.init(TOKEN, FILE_INIT)).toMatchObject({ ok: false, code: 'tiktok_unreachable', definite: false, retryable: true });
  });

  test.each([['127.0.0.1'], ['name.invalid']])('since there is nobody at %s, it is known that nothing happened', async (host) => {
    const free = createTcpServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const client = createOpenApiClient({ openApiUrl: `http://${host}:${port}`, app: APP });
    closing.push(() => client.close());
    expect(await client.init(TOKEN, FILE_INIT)).toMatchObject({ ok: false, code: 'tiktok_unreachable', definite: true, retryable: true });
  });

  test('an abort is thrown on', async () => {
    const { client, calls } = await tiktok(() => undefined);
    const abort = new AbortController();
    const call = client.status(TOKEN, 'p', abort.signal);
    const early = client.status(TOKEN, 'p', AbortSignal.abort(new Error('too late')));
    await expect(early).rejects.toThrow('too late');
    abort.abort(new Error('the worker ends'));
    await expect(call).rejects.toThrow('the worker ends');
    expect(calls.length).toBeLessThanOrEqual(1);
  });
});

describe('Connections', () => {
  test('are kept for calls that may be repeated, and never shared by those that may not', async () => {
    const { client, connections } = await tiktok(ok({ status: 'FAILED', publish_id: 'p', upload_url: 'http://127.0.0.1/x' }));
    for (let index = 0; index < 5; index += 1) await client.status(TOKEN, 'p');
    const kept = connections();
    expect(kept).toBeLessThan(5);
    for (let index = 0; index < 3; index += 1) await client.init(TOKEN, FILE_INIT);
    expect(connections()).toBe(kept + 3);
  });
});

describe('Users and creators', () => {
  test('are asked only for what the scopes cover', async () => {
    const { client, calls } = await tiktok(ok({ user: { open_id: 'o', display_name: 'Anna', follower_count: 12, username: '', is_verified: false } }));
    expect(await client.userInfo(TOKEN, ['user.info.basic', 'video.list'])).toEqual({
      ok: true,
      value: {
        open_id: 'o',
        union_id: null,
        display_name: 'Anna',
        avatar_url: null,
        username: null,
        profile_deep_link: null,
        is_verified: false,
        follower_count: 12,
        following_count: null,
        likes_count: null,
        video_count: null,
      },
    });
    await client.userInfo(TOKEN, TIKTOK_SCOPES);
    expect(calls.map(({ url }) => new URL(url, 'http://x').searchParams.get('fields'))).toEqual([
      'open_id,union_id,avatar_url,display_name',
      'open_id,union_id,avatar_url,display_name,profile_deep_link,username,is_verified,follower_count,following_count,likes_count,video_count',
    ]);
    expect(calls[0]!.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(await client.userInfo(TOKEN, ['video.list'])).toMatchObject({ ok: false, code: 'scope_missing', definite: true });
    expect(calls).toHaveLength(2);
  });

  test('may do what TikTok says, in levels that we know', async () => {
    const { client, calls } = await tiktok(
      ok({
        creator_avatar_url: 'https://p/a.jpg',
        creator_username: 'anna',
        creator_nickname: 'Anna',
        privacy_level_options: ['PUBLIC_TO_EVERYONE', 'SOMETHING_NEW', 'SELF_ONLY'],
        comment_disabled: true,
        duet_disabled: false,
        stitch_disabled: true,
        max_video_post_duration_sec: 300,
      }),
    );
    expect(await client.creatorInfo(TOKEN)).toEqual({
      ok: true,
      value: {
        nickname: 'Anna',
        username: 'anna',
        avatar_url: 'https://p/a.jpg',
        privacy_level_options: ['PUBLIC_TO_EVERYONE', 'SELF_ONLY'],
        comment_disabled: true,
        duet_disabled: false,
        stitch_disabled: true,
        max_video_post_duration_s: 300,
      },
    });
    expect(calls[0]).toMatchObject({ method: 'POST', url: '/v2/post/publish/creator_info/query/', body: '' });
  });
});

describe('Publishing', () => {
  const plan = { video_size: 50_000_123, chunk_size: 10_000_000, total_chunk_count: 5 };

  test.each<[InitRequest, string, object]>([
    [{ route: 'direct_video', post_info: { title: 'a', privacy_level: 'SELF_ONLY' }, source: { kind: 'file', plan } }, '/v2/post/publish/video/init/', { post_info: { title: 'a', privacy_level: 'SELF_ONLY' }, source_info: { source: 'FILE_UPLOAD', ...plan } }],
    [{ route: 'inbox_video', post_info: null, source: { kind: 'url', url: 'https://cdn.example/a.mp4' } }, '/v2/post/publish/inbox/video/init/', { source_info: { source: 'PULL_FROM_URL', video_url: 'https://cdn.example/a.mp4' } }],
    [{ route: 'photo', body: { media_type: 'PHOTO', post_mode: 'DIRECT_POST' } }, '/v2/post/publish/content/init/', { media_type: 'PHOTO', post_mode: 'DIRECT_POST' }],
  ])('begins with %j', async (request, path, body) => {
    const { client, calls } = await tiktok(ok({ publish_id: 'v_pub_file~v2-1.7123456789012345678', upload_url: 'http://127.0.0.1:1/u' }));
    expect(await client.init(TOKEN, request)).toEqual({ ok: true, value: { publish_id: 'v_pub_file~v2-1.7123456789012345678', upload_url: 'http://127.0.0.1:1/u' } });
    expect(calls).toHaveLength(1);
    expect([calls[0]!.method, calls[0]!.url, calls[0]!.headers['content-type']]).toEqual(['POST', path, 'application/json; charset=UTF-8']);
    expect(JSON.parse(calls[0]!.body)).toEqual(body);
  });

  test('can go on without an upload URL only where TikTok fetches by itself', async () => {
    const { client } = await tiktok(ok({ publish_id: 'v_pub_url~v2.7' }));
    expect(await client.init(TOKEN, { ...FILE_INIT, source: { kind: 'url', url: 'https://cdn.example/a.mp4' } } as InitRequest)).toMatchObject({ ok: true, value: { upload_url: null } });
    expect(await client.init(TOKEN, FILE_INIT)).toMatchObject({ ok: false, code: 'tiktok_bad_response', definite: true });
  });

  test.each<[string, string, object]>([
    ['numbers', '{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":[7123456789012345678,7123456789012345679]}', { status: 'PUBLISH_COMPLETE', post_ids: ['7123456789012345678', '7123456789012345679'], fail_reason: null, uploaded_bytes: null }],
    ['strings', '{"status":"PUBLISH_COMPLETE","publicly_available_post_id":["7123456789012345678"]}', { post_ids: ['7123456789012345678'] }],
    ['one number', '{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":7123456789012345678}', { post_ids: ['7123456789012345678'] }],
    ['both spellings', '{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":[7123456789012345678],"publicly_available_post_id":["7123456789012345678"]}', { post_ids: ['7123456789012345678'] }],
    ['nothing', '{"status":"PUBLISH_COMPLETE"}', { post_ids: [] }],
    ['an empty list', '{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":[]}', { post_ids: [] }],
    ['zero', '{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":[0]}', { post_ids: [] }],
    ['a failure in HTTP 200', '{"fail_reason":"file_format_check_failed","status":"FAILED"}', { status: 'FAILED', fail_reason: 'file_format_check_failed' }],
    ['progress', '{"status":"PROCESSING_UPLOAD","fail_reason":"","uploaded_bytes":67108864}', { status: 'PROCESSING_UPLOAD', fail_reason: null, uploaded_bytes: 67_108_864, downloaded_bytes: null }],
    ['a status that nobody knows yet', '{"status":"SOMETHING_NEW"}', { status: 'SOMETHING_NEW' }],
  ])('has a status with %s', async (_name, data, expected) => {
    const { client, calls } = await tiktok(json(`{"data":${data},"error":{"code":"ok","message":"","log_id":"${LOG_ID}"}}`));
    expect(await client.status(TOKEN, 'v_pub_file~v2-1.7')).toMatchObject({ ok: true, value: expected });
    expect([calls[0]!.url, calls[0]!.body]).toEqual(['/v2/post/publish/status/fetch/', '{"publish_id":"v_pub_file~v2-1.7"}']);
  });

  test('is cancelled with an answer that has no data', async () => {
    const { client, calls } = await tiktok(json({ error: { code: 'ok', message: '', log_id: LOG_ID } }));
    expect(await client.cancel(TOKEN, 'p')).toEqual({ ok: true, value: null });
    expect([calls[0]!.url, calls[0]!.body]).toEqual(['/v2/post/publish/cancel/', '{"publish_id":"p"}']);
  });
});

describe('Videos', () => {
  const VIDEO = '{"id":7123456789012345678,"create_time":1700000000,"title":"T","video_description":"D","share_url":"https://t/v","cover_image_url":"","view_count":5,"like_count":4,"comment_count":3}';
  const EXPECTED = { id: '7123456789012345678', create_time: 1_700_000_000, title: 'T', video_description: 'D', share_url: 'https://t/v', cover_image_url: null, view_count: 5, like_count: 4, comment_count: 3, share_count: 0 };
  const FIELDS = 'id,create_time,title,video_description,share_url,cover_image_url,view_count,like_count,comment_count,share_count';

  test('are listed by pages', async () => {
    const { client, calls } = await tiktok(json(`{"data":{"videos":[${VIDEO}],"cursor":1700000000123,"has_more":true},"error":{"code":"ok"}}`));
    expect(await client.listVideos(TOKEN, { cursor: 1_700_000_001_000, max_count: 50 })).toEqual({ ok: true, value: { videos: [EXPECTED], cursor: 1_700_000_000_123, has_more: true } });
    await client.listVideos(TOKEN, {});
    expect(calls.map(({ url }) => url)).toEqual(Array(2).fill(`/v2/video/list/?fields=${FIELDS}`));
    expect(calls.map(({ body }) => JSON.parse(body))).toEqual([{ max_count: 20, cursor: 1_700_000_001_000 }, { max_count: 20 }]);
  });

  test('that are none make an empty page', async () => {
    const { client } = await tiktok(ok({}));
    expect(await client.listVideos(TOKEN, {})).toEqual({ ok: true, value: { videos: [], cursor: null, has_more: false } });
  });

  test('are asked for by at most 20 ids', async () => {
    const { client, calls } = await tiktok(json(`{"data":{"videos":[${VIDEO}]},"error":{"code":"ok"}}`));
    expect(await client.queryVideos(TOKEN, ['7123456789012345678', '1'])).toEqual({ ok: true, value: [EXPECTED] });
    expect([calls[0]!.url, calls[0]!.body]).toEqual([`/v2/video/query/?fields=${FIELDS}`, '{"filters":{"video_ids":["7123456789012345678","1"]}}']);
    expect(await client.queryVideos(TOKEN, [])).toEqual({ ok: true, value: [] });
    expect(calls).toHaveLength(1);
    await expect(client.queryVideos(TOKEN, Array(21).fill('1'))).rejects.toThrow(RangeError);
  });
});
