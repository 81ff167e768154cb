import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { OpenApiResult } from '../../domain/contracts/open-api.ts';
import { TIKTOK_SCOPES } from '../../domain/contracts/social-account.ts';
import { chunkAt, chunkRange, MIB, planChunks } from '../../domain/publishing/chunk-plan.ts';
import { toInitRequest } from '../../domain/publishing/init-request.ts';
import { authorizeUrl } from '../../domain/publishing/oauth.ts';
import { SANDBOX_APP } from '../../domain/sandbox-app.ts';
import { createOpenApiClient, type OpenApiClient } from '../../tiktok/open-api/index.ts';
import { eventually } from '../helpers/eventually.ts';
import { challengeOf, clip, OpenApiSandbox, type Tokens } from '../helpers/open-api-sandbox.ts';
import { CONTENT as PLAIN } from '../helpers/post-content.ts';

const REDIRECT = 'http://127.0.0.1:8080/api/auth/tiktok/callback';
const CONTENT = { ...PLAIN, caption: 'Morning #coffee' };

let sandbox: OpenApiSandbox;
let client: OpenApiClient;
beforeAll(async () => {
  sandbox = await OpenApiSandbox.start();
  client = createOpenApiClient({ openApiUrl: sandbox.url, app: SANDBOX_APP, timeoutMs: 2_000 });
});
beforeEach(async () => {
  await sandbox.control('POST', '/reset');
  await sandbox.settings({ timings: { processing_ms: 50, moderation_ms: 50 } });
});
afterAll(async () => {
  await client.close();
  await sandbox.close();
});

function valueOf<T>(result: OpenApiResult<T>): T {
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}
const init = async (tokens: Tokens, size: number, mode: 'direct' | 'inbox' = 'direct') => {
  const plan = planChunks(size);
  const content = mode === 'direct' ? CONTENT : { ...CONTENT, privacy_level: null };
  const { publish_id, upload_url } = valueOf(await client.init(tokens.access_token, toInitRequest({ mode, content, source: { kind: 'video', from: 'file', plan }, creator: null })));
  return { plan, publish_id, upload_url: upload_url! };
};
type Begun = Awaited<ReturnType<typeof init>>;
const put = ({ plan, upload_url }: Begun, file: Buffer, index: number) => {
  const { first, last } = chunkRange(plan, index);
  return client.uploadChunk({ upload_url, content_type: 'video/mp4', first, last, total: plan.video_size, body: Readable.from([file.subarray(first, last + 1)]) });
};
const published = (tokens: Tokens, publishId: string) =>
  eventually(async () => {
    const status = valueOf(await client.status(tokens.access_token, publishId));
    return status.status === 'FAILED' || status.post_ids.length > 0 ? status : null;
  });

describe('Against the sandbox', () => {
  test('a consent with PKCE becomes tokens, a user, and no more after it was revoked', async () => {
    await sandbox.settings({ consent: { auto: { username: 'showrunner_demo' }, require_pkce: true } });
    const verifier = randomBytes(32).toString('base64url');
    const page = authorizeUrl({ auth_url: sandbox.url, client_key: SANDBOX_APP.client_key, redirect_uri: REDIRECT, scopes: TIKTOK_SCOPES, state: 's', code_challenge: challengeOf(verifier, 'hex') });
    const back = new URL((await sandbox.send('GET', page)).headers.get('location') ?? '');
    expect(back.searchParams.get('state')).toBe('s');
    const exchange = { code: back.searchParams.get('code')!, code_verifier: verifier, redirect_uri: REDIRECT };
    const grant = valueOf(await client.exchangeCode(exchange));
    expect(grant).toMatchObject({ access_expires_in_s: 7_200, refresh_expires_in_s: 15_552_000 });
    expect([...grant.scopes].sort()).toEqual([...TIKTOK_SCOPES].sort());
    expect(await client.exchangeCode(exchange)).toMatchObject({ ok: false, code: 'oauth_failed', tiktok_code: 'invalid_grant' });

    expect(valueOf(await client.userInfo(grant.access_token, grant.scopes))).toMatchObject({ open_id: grant.open_id, username: 'showrunner_demo', is_verified: true, follower_count: expect.any(Number) });
    expect(valueOf(await client.revoke(grant.access_token))).toBeNull();
    expect(await client.userInfo(grant.access_token, grant.scopes)).toMatchObject({ ok: false, code: 'tiktok_token_invalid', definite: true });
    expect(await client.refresh(grant.refresh_token)).toMatchObject({ ok: false, code: 'reconnect_needed' });
  });

  test.each([400, 200])('a refresh token works once, and its repeat is told from other faults, HTTP %d', async (error_status) => {
    await sandbox.settings({ tokens: { error_status } });
    const { refresh_token, open_id } = await sandbox.account();
    const grant = valueOf(await client.refresh(refresh_token));
    expect(grant.open_id).toBe(open_id);
    expect(grant.refresh_token).not.toBe(refresh_token);
    expect(await client.refresh(refresh_token)).toMatchObject({ ok: false, code: 'reconnect_needed', retryable: false });
    await sandbox.fault({ path: '/v2/oauth/token/', drop: 'after' });
    expect(await client.refresh(grant.refresh_token)).toMatchObject({ ok: false, code: 'tiktok_unreachable', definite: false });
    await sandbox.fault({ path: '/v2/oauth/token/', answer: { status: 503, body: '<html>' } });
    expect(await client.refresh(grant.refresh_token)).toMatchObject({ ok: false, code: 'tiktok_internal', definite: false, retryable: true });
  });

  test('an account that granted less is asked for less', async () => {
    const { access_token } = await sandbox.account({}, ['user.info.basic', 'video.list']);
    expect(valueOf(await client.userInfo(access_token, ['user.info.basic', 'video.list']))).toMatchObject({ username: null, follower_count: null });
    expect(await client.userInfo(access_token, TIKTOK_SCOPES)).toMatchObject({ ok: false, code: 'scope_missing' });
    expect(await client.creatorInfo(access_token)).toMatchObject({ ok: false, code: 'scope_missing', definite: true });
  });

  test('a file in several chunks is published, and found in lists by its exact id', async () => {
    const tokens = await sandbox.account();
    expect(valueOf(await client.creatorInfo(tokens.access_token))).toMatchObject({ privacy_level_options: expect.arrayContaining(['PUBLIC_TO_EVERYONE']), max_video_post_duration_s: 600 });
    const file = clip(64 * MIB + 1);
    const begun = await init(tokens, file.length);
    expect(valueOf(await put(begun, file, 0))).toEqual({ kind: 'stored' });
    expect(valueOf(await client.status(tokens.access_token, begun.publish_id))).toMatchObject({ status: 'PROCESSING_UPLOAD', uploaded_bytes: 32 * MIB });
    expect(valueOf(await put(begun, file, 1))).toEqual({ kind: 'complete' });
    const { status, post_ids } = await published(tokens, begun.publish_id);
    expect(status).toBe('PUBLISH_COMPLETE');
    expect(post_ids).toEqual([expect.stringMatching(/^\d{19}$/)]);
    const { videos } = valueOf(await client.listVideos(tokens.access_token, {}));
    expect(videos.map(({ id }) => id)).toEqual(post_ids);
    expect(valueOf(await client.queryVideos(tokens.access_token, [...post_ids, '7000000000000000001']))).toEqual([expect.objectContaining({ id: post_ids[0], view_count: expect.any(Number) })]);
  });

  test.each(['count', 'last_index'])('an upload finds its place again after a chunk whose answer was lost, told as %s', async (content_range) => {
    await sandbox.settings({ behaviour: { content_range, sha256: true } });
    const tokens = await sandbox.account();
    const file = clip(64 * MIB + 1);
    const begun = await init(tokens, file.length);
    await sandbox.fault({ path: '/upload/', chunk: 0, drop: 'after' });
    expect(await put(begun, file, 0)).toMatchObject({ ok: false, code: 'tiktok_unreachable', definite: false, retryable: true });
    const repeat = valueOf(await put(begun, file, 0));
    expect(repeat).toEqual({ kind: 'mismatch', uploaded_bytes: content_range === 'count' ? 32 * MIB : 32 * MIB - 1 });
    expect(repeat.kind === 'mismatch' && chunkAt(begun.plan, repeat.uploaded_bytes!)).toBe(1);
    await sandbox.fault({ path: '/upload/', chunk: 1, drop: 'before', after_bytes: MIB });
    expect(await put(begun, file, 1)).toMatchObject({ ok: false, retryable: true });
    expect(valueOf(await put(begun, file, 1))).toEqual({ kind: 'complete' });
    const { uploaded, sha256 } = (await sandbox.post(begun.publish_id)).upload;
    expect([uploaded, sha256]).toEqual([file.length, createHash('sha256').update(file).digest('hex')]);
  });

  test('an upload that has expired is dead', async () => {
    const tokens = await sandbox.account();
    const file = clip(1_000);
    const begun = await init(tokens, file.length, 'inbox');
    await sandbox.control('POST', `/posts/${encodeURIComponent(begun.publish_id)}/expire-upload`);
    expect(valueOf(await put(begun, file, 0))).toMatchObject({ kind: 'dead', reason: expect.stringContaining('HTTP 403') });
    const unknown = { ...begun, upload_url: begun.upload_url.replace(/upload_id=[^&]+/, 'upload_id=1') };
    expect(valueOf(await put(unknown, file, 0))).toMatchObject({ kind: 'dead', reason: expect.stringContaining('HTTP 404') });
  });

  test('a post that TikTok refuses tells its reason', async () => {
    const tokens = await sandbox.account();
    await sandbox.control('POST', `/accounts/${tokens.username}/next-post`, { fail_reason: 'frame_rate_check_failed' });
    const file = clip(1_000);
    const begun = await init(tokens, file.length);
    await put(begun, file, 0);
    expect(await published(tokens, begun.publish_id)).toMatchObject({ status: 'FAILED', fail_reason: 'frame_rate_check_failed', post_ids: [] });
  });

  test('limits and caps are told apart', async () => {
    const tokens = await sandbox.account();
    for (let index = 0; index < 6; index += 1) await init(tokens, 1_000);
    const request = toInitRequest({ mode: 'direct', content: CONTENT, source: { kind: 'video', from: 'file', plan: planChunks(1_000) }, creator: null });
    expect(await client.init(tokens.access_token, request)).toMatchObject({ ok: false, code: 'tiktok_rate_limited', definite: true, retryable: true });
    const capped = await sandbox.account({ other_direct_posts: 15 });
    expect(await client.creatorInfo(capped.access_token)).toMatchObject({ ok: false, code: 'tiktok_daily_cap', definite: true });
    const banned = await sandbox.account({ is_banned: true });
    expect(await client.init(banned.access_token, request)).toMatchObject({ ok: false, code: 'tiktok_user_banned' });
    const unaudited = await sandbox.account({ app_audited: false });
    expect(await client.init(unaudited.access_token, request)).toMatchObject({ ok: false, code: 'tiktok_unaudited' });
    const hidden = await sandbox.account({ is_private: true });
    expect(await client.init(hidden.access_token, request)).toMatchObject({ ok: false, code: 'tiktok_privacy_mismatch' });
  });

  test('photos are taken from verified hosts alone', async () => {
    const { access_token } = await sandbox.account();
    const photos = (host: string) =>
      toInitRequest({ mode: 'direct', content: { ...CONTENT, description: 'D', is_aigc: true }, source: { kind: 'photo', from: 'url', urls: [`${host}/1.jpg`] }, creator: null });
    expect(await client.init(access_token, photos('https://elsewhere.example'))).toMatchObject({ ok: false, code: 'tiktok_url_unverified' });
    expect(valueOf(await client.init(access_token, photos(sandbox.url)))).toMatchObject({ publish_id: expect.any(String), upload_url: null });
  });

  test('a post is cancelled, and an unknown one is not', async () => {
    const tokens = await sandbox.account();
    const begun = await init(tokens, 1_000);
    expect(valueOf(await client.cancel(tokens.access_token, begun.publish_id))).toBeNull();
    expect(valueOf(await client.status(tokens.access_token, begun.publish_id))).toMatchObject({ status: 'FAILED', fail_reason: 'publish_cancelled' });
    expect(await client.status(tokens.access_token, 'v_pub_file~v2-1.1')).toMatchObject({ ok: false, code: 'tiktok_invalid_publish_id' });
    expect(await client.cancel(tokens.access_token, 'v_pub_file~v2-1.1')).toMatchObject({ ok: false, code: 'tiktok_invalid_publish_id' });
  });
});
