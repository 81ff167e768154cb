import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../helpers/eventually.ts';
import { CANCEL, clip, CREATOR, DIRECT, directBody, filePlan, INBOX, OpenApiSandbox, PHOTO, type Tokens } from '../helpers/open-api-sandbox.ts';

type Account = Tokens & { username: string };

let tiktok: OpenApiSandbox;
let media: Server;
let mediaUrl = '';

/** A JPEG header with a size; TikTok's checks read no further. */
const jpeg = (width: number, height: number): Buffer => {
  const bytes = Buffer.alloc(64);
  Buffer.from([0xff, 0xd8, 0xff, 0xc0, 0, 17, 8]).copy(bytes);
  bytes.writeUInt16BE(height, 7);
  bytes.writeUInt16BE(width, 9);
  return bytes;
};
const FILES: Record<string, Buffer> = {
  '/clip.mp4': clip(100_000),
  '/portrait.jpg': jpeg(1_080, 1_920),
  '/large.jpg': jpeg(1_086, 1_448),
  '/picture.png': Buffer.from('\x89PNG\r\n\x1a\n and the rest of a picture', 'latin1'),
};

beforeAll(async () => {
  tiktok = await OpenApiSandbox.start();
  media = createServer((request, response) => {
    const file = FILES[request.url ?? ''];
    if (file) response.end(file);
    else if (request.url === '/moved.mp4') response.writeHead(302, { location: '/clip.mp4' }).end();
    else if (request.url === '/slow.mp4') response.write(clip(1_000));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => media.listen(0, '127.0.0.1', resolve));
  mediaUrl = `http://127.0.0.1:${(media.address() as AddressInfo).port}`;
});
beforeEach(() => tiktok.control('POST', '/reset'));
afterAll(async () => {
  await tiktok.close();
  media.closeAllConnections();
  media.close();
});

const direct = (account: Account, post_info: object = {}, source: object = filePlan(1_000)) => tiktok.api(account.access_token, DIRECT, directBody(source, post_info));
const inbox = (account: Account) => tiktok.api(account.access_token, INBOX, { source_info: filePlan(1_000) });
const photo = (account: Account, body: object = {}, photo_images = [`${mediaUrl}/portrait.jpg`]) =>
  tiktok.api(account.access_token, PHOTO, {
    media_type: 'PHOTO',
    post_mode: 'DIRECT_POST',
    post_info: { title: 'Cake', privacy_level: 'PUBLIC_TO_EVERYONE' },
    source_info: { source: 'PULL_FROM_URL', photo_images, photo_cover_index: 0 },
    ...body,
  });
const refusal = ({ status, json }: { status: number; json: { data?: unknown; error: { code: string } } }) => [status, json.error.code];

/** Init and upload; the clock is still before processing ends. */
async function uploaded(account: Account, path = DIRECT, post_info: object = {}): Promise<string> {
  const body = path === DIRECT ? directBody(filePlan(1_000), post_info) : { source_info: filePlan(1_000) };
  const { json } = await tiktok.api(account.access_token, path, body);
  const { publish_id, upload_url } = json.data;
  await tiktok.put(upload_url, clip(1_000), 'bytes 0-999/1000');
  return publish_id;
}
const statusOf = async (account: Account, publishId: string) => (await tiktok.status(account.access_token, publishId)).json.data;

describe('creator info', () => {
  test('offers a public and a private account what they may choose', async () => {
    const open = await tiktok.account({ display_name: 'Café ☕', comment_disabled: true, max_video_post_duration_sec: 300 });
    const { json } = await tiktok.api(open.access_token, CREATOR);
    expect(json.data).toEqual({
      creator_avatar_url: expect.stringMatching(/^http/),
      creator_username: open.username,
      creator_nickname: 'Café ☕',
      privacy_level_options: ['PUBLIC_TO_EVERYONE', 'MUTUAL_FOLLOW_FRIENDS', 'SELF_ONLY'],
      comment_disabled: true,
      duet_disabled: false,
      stitch_disabled: false,
      max_video_post_duration_sec: 300,
    });
    expect((await fetch(json.data.creator_avatar_url)).headers.get('content-type')).toBe('image/svg+xml');
    const closed = (await tiktok.api((await tiktok.account({ is_private: true })).access_token, CREATOR)).json.data;
    expect(closed.privacy_level_options).toEqual(['FOLLOWER_OF_CREATOR', 'MUTUAL_FOLLOW_FRIENDS', 'SELF_ONLY']);
    expect([closed.duet_disabled, closed.stitch_disabled]).toEqual([true, true]);
  });

  test('its refusals come with HTTP 200, those of init with 403', async () => {
    const banned = await tiktok.account({ is_banned: true });
    const busy = await tiktok.account({ other_direct_posts: 15 });
    expect(refusal(await tiktok.api(banned.access_token, CREATOR))).toEqual([200, 'spam_risk_user_banned_from_posting']);
    expect(refusal(await direct(banned))).toEqual([403, 'spam_risk_user_banned_from_posting']);
    expect(refusal(await tiktok.api(busy.access_token, CREATOR))).toEqual([200, 'spam_risk_too_many_posts']);
    expect(refusal(await direct(busy))).toEqual([403, 'spam_risk_too_many_posts']);
    await tiktok.settings({ app: { active_user_cap: 0 } });
    const other = await tiktok.account();
    expect(refusal(await tiktok.api(other.access_token, CREATOR))).toEqual([200, 'reached_active_user_cap']);
    expect(refusal(await direct(other))).toEqual([403, 'reached_active_user_cap']);
  });

  test('an unaudited app is offered SELF_ONLY alone where the switch says so', async () => {
    await tiktok.settings({ app: { audited: false }, behaviour: { unaudited_self_only: true } });
    expect((await tiktok.api((await tiktok.account()).access_token, CREATOR)).json.data.privacy_level_options).toEqual(['SELF_ONLY']);
  });
});

describe('tokens, scopes and rate limits', () => {
  test('a token that is wrong or missing is 401 with empty data; a scope too few is another 401', async () => {
    const wrong = await tiktok.api('act.wrong', DIRECT, directBody(filePlan(1_000)));
    expect([wrong.status, wrong.json]).toEqual([
      401,
      { data: {}, error: { code: 'access_token_invalid', message: 'The access token is invalid or not found in the request.', log_id: wrong.headers.get('x-tt-logid') } },
    ]);
    expect((await tiktok.send('POST', CREATOR)).status).toBe(401);
    const reader = await tiktok.account({}, ['user.info.basic', 'video.upload']);
    for (const call of [direct(reader), tiktok.api(reader.access_token, CREATOR), photo(reader)]) expect(refusal(await call)).toEqual([401, 'scope_not_authorized']);
    expect((await inbox(reader)).status).toBe(200);
  });

  test.each([
    ['creator info', 20, (account: Account) => tiktok.api(account.access_token, CREATOR)],
    ['an init', 6, (account: Account) => direct(account)],
    ['status', 30, (account: Account) => tiktok.status(account.access_token, 'v_pub_file~v2-1.1')],
  ])('%s is allowed %d times a minute for each token, in a sliding window', async (_, limit, call) => {
    const account = await tiktok.account();
    for (let index = 0; index < limit - 1; index++) expect((await call(account)).json.error.code).not.toBe('rate_limit_exceeded');
    await tiktok.advance(30_000);
    await call(account);
    expect(refusal(await call(account))).toEqual([429, 'rate_limit_exceeded']);
    expect((await call(await tiktok.account())).json.error.code).not.toBe('rate_limit_exceeded');
    await tiktok.advance(30_000);
    for (let index = 0; index < limit - 1; index++) expect((await call(account)).json.error.code).not.toBe('rate_limit_exceeded');
    expect((await call(account)).status).toBe(429);
  });

  test('each init route has a counter of its own, or all share one; Retry-After comes by order', async () => {
    await tiktok.settings({ limits: { init: 1 } });
    const own = await tiktok.account();
    expect([(await direct(own)).status, (await inbox(own)).status, (await photo(own)).status]).toEqual([200, 200, 200]);
    await tiktok.settings({ limits: { shared_init: true, retry_after_s: 7 } });
    const shared = await tiktok.account();
    expect((await direct(shared)).status).toBe(200);
    const refused = await inbox(shared);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '7']);
  });
});

describe('what init refuses', () => {
  test.each([
    ['no privacy level', { privacy_level: undefined }, 403, 'privacy_level_option_mismatch'],
    ['one that is not offered', { privacy_level: 'FOLLOWER_OF_CREATOR' }, 403, 'privacy_level_option_mismatch'],
    ['one that does not exist', { privacy_level: 'EVERYBODY' }, 403, 'privacy_level_option_mismatch'],
    ['a caption of 2201 units', { title: '😀'.repeat(1_100) + 'x' }, 400, 'invalid_params'],
    ['branded content that is private', { privacy_level: 'SELF_ONLY', brand_content_toggle: true }, 400, 'invalid_params'],
    ['a string for a flag', { disable_duet: 'true' }, 400, 'invalid_params'],
  ])('%s', async (_, post_info, status, code) => {
    expect(refusal(await direct(await tiktok.account(), post_info))).toEqual([status, code]);
  });

  test('a caption of 2200 units is accepted, and brand toggles may be missing', async () => {
    expect((await direct(await tiktok.account(), { title: '😀'.repeat(1_100) })).status).toBe(200);
  });

  test('bodies that are not JSON, or are sent as something else', async () => {
    const { access_token } = await tiktok.account();
    const send = (body: string, type: string) => tiktok.send('POST', DIRECT, { body, headers: { authorization: `Bearer ${access_token}`, 'content-type': type } });
    expect(refusal(await send('{', 'application/json'))).toEqual([400, 'invalid_params']);
    expect(refusal(await send(JSON.stringify(directBody(filePlan(1_000))), 'text/plain'))).toEqual([400, 'invalid_params']);
  });

  test('an unaudited app on a public account, whatever the privacy; a private account may post SELF_ONLY', async () => {
    await tiktok.settings({ app: { audited: false } });
    const open = await tiktok.account();
    for (const privacy_level of ['PUBLIC_TO_EVERYONE', 'SELF_ONLY']) {
      const refused = await direct(open, { privacy_level });
      expect(refusal(refused)).toEqual([403, 'unaudited_client_can_only_post_to_private_accounts']);
      expect('data' in refused.json).toBe(false);
    }
    const closed = await tiktok.account({ is_private: true });
    expect(refusal(await direct(closed, { privacy_level: 'MUTUAL_FOLLOW_FRIENDS' }))).toEqual([403, 'privacy_level_option_mismatch']);
    expect((await direct(closed, { privacy_level: 'SELF_ONLY' })).status).toBe(200);
  });

  test('a sixth creator within a day of an unaudited app', async () => {
    await tiktok.settings({ app: { audited: false } });
    const post = async () => direct(await tiktok.account({ is_private: true }), { privacy_level: 'SELF_ONLY' });
    for (let index = 0; index < 5; index++) expect((await post()).status).toBe(200);
    expect(refusal(await post())).toEqual([403, 'reached_active_user_cap']);
    await tiktok.advance(86_400_000);
    expect((await post()).status).toBe(200);
  });

  test('a sixteenth direct post within 24 h, photos counted; one that failed does not count', async () => {
    await tiktok.settings({ limits: { init: 100 } });
    const account = await tiktok.account();
    const ids = [];
    for (let index = 0; index < 14; index++) ids.push((await direct(account)).json.data.publish_id);
    expect((await photo(account)).status).toBe(200);
    expect(refusal(await direct(account))).toEqual([403, 'spam_risk_too_many_posts']);
    await tiktok.control('POST', `/posts/${ids[0]}/fail`);
    expect((await direct(account)).status).toBe(200);
    expect(refusal(await direct(account))).toEqual([403, 'spam_risk_too_many_posts']);
  });

  test('a sixth draft that waits; posting one frees its place', async () => {
    await tiktok.settings({ limits: { init: 100 } });
    const account = await tiktok.account();
    const first = await uploaded(account, INBOX);
    for (let index = 0; index < 4; index++) expect((await inbox(account)).status).toBe(200);
    expect(refusal(await inbox(account))).toEqual([403, 'spam_risk_too_many_pending_share']);
    expect(refusal(await photo(account, { post_mode: 'MEDIA_UPLOAD' }))).toEqual([403, 'spam_risk_too_many_pending_share']);
    expect((await direct(account)).status).toBe(200);
    await tiktok.advance(2_000);
    await tiktok.control('POST', `/posts/${first}/post-draft`);
    expect((await inbox(account)).status).toBe(200);
  });

  test('a photo draft for an app that is too old, and photos from a file', async () => {
    const old = await tiktok.account({ app_version_ok: false });
    expect(refusal(await photo(old, { post_mode: 'MEDIA_UPLOAD' }))).toEqual([400, 'app_version_check_failed']);
    expect(refusal(await photo(old, { source_info: filePlan(1_000) }))).toEqual([400, 'invalid_params']);
    expect(refusal(await photo(old, { post_mode: 'DIRECT POST' }))).toEqual([400, 'invalid_params']);
    expect(refusal(await photo(old, {}, Array.from({ length: 36 }, () => `${mediaUrl}/portrait.jpg`)))).toEqual([400, 'invalid_params']);
    expect(refusal(await photo(old, { source_info: { source: 'PULL_FROM_URL', photo_images: [`${mediaUrl}/portrait.jpg`], photo_cover_index: 1 } }))).toEqual([400, 'invalid_params']);
    expect(refusal(await photo(old, { post_info: { title: 'x'.repeat(91), privacy_level: 'SELF_ONLY' } }))).toEqual([400, 'invalid_params']);
  });
});

describe('the life of a post', () => {
  test('direct: processing, complete, and later the id as a bare number of 19 digits', async () => {
    const account = await tiktok.account();
    const publishId = await uploaded(account);
    expect(await statusOf(account, publishId)).toEqual({ status: 'PROCESSING_UPLOAD', uploaded_bytes: 1_000 });
    await tiktok.settings({ timings: { moderation_ms: 60_000 } });
    await tiktok.advance(1_500);
    expect(await statusOf(account, publishId)).toEqual({ status: 'PUBLISH_COMPLETE', uploaded_bytes: 1_000 });
    await tiktok.advance(60_000);
    const { text } = await tiktok.status(account.access_token, publishId);
    const [videoId] = (await tiktok.post(publishId)).video_ids;
    expect(videoId).toMatch(/^\d{19}$/);
    expect(text).toContain(`"publicaly_available_post_id":[${videoId}]`);
    expect(text).not.toContain('fail_reason');
  });

  test('the id never comes where it is withheld or moderation never ends; a release brings it', async () => {
    const account = await tiktok.account();
    await tiktok.control('POST', `/accounts/${account.username}/next-post`, { withhold_post_id: true });
    await tiktok.control('POST', `/accounts/${account.username}/next-post`, { moderation_ms: null });
    const [withheld, moderated] = [await uploaded(account), await uploaded(account)];
    await tiktok.advance(86_400_000);
    const pair = await tiktok.refresh(account.refresh_token);
    const fresh = { ...account, ...pair.json };
    for (const id of [withheld, moderated]) expect(await statusOf(fresh, id)).toEqual({ status: 'PUBLISH_COMPLETE', uploaded_bytes: 1_000 });
    const listed = await tiktok.api(fresh.access_token, '/v2/video/list/?fields=id');
    expect(listed.json.data.videos).toEqual([{ id: (await tiktok.post(withheld)).video_ids[0] }]);
    await tiktok.control('POST', `/posts/${withheld}/release`);
    expect((await tiktok.status(fresh.access_token, withheld)).text).toContain('publicaly_available_post_id');
  });

  test('a private post never gets an id and is never listed', async () => {
    const account = await tiktok.account();
    const publishId = await uploaded(account, DIRECT, { privacy_level: 'SELF_ONLY' });
    await tiktok.advance(60_000);
    expect(await statusOf(account, publishId)).toEqual({ status: 'PUBLISH_COMPLETE', uploaded_bytes: 1_000 });
    expect((await tiktok.post(publishId)).video_ids).toHaveLength(1);
    expect((await tiktok.api(account.access_token, '/v2/video/list/?fields=id')).json.data.videos).toEqual([]);
  });

  test('inbox: delivered, and complete only when the creator posts it, maybe more than once', async () => {
    const account = await tiktok.account();
    const publishId = await uploaded(account, INBOX);
    await tiktok.advance(1_500);
    expect((await statusOf(account, publishId)).status).toBe('SEND_TO_USER_INBOX');
    for (let posts = 1; posts <= 2; posts++) await tiktok.control('POST', `/posts/${publishId}/post-draft`);
    await tiktok.advance(1_000);
    expect((await statusOf(account, publishId)).status).toBe('PUBLISH_COMPLETE');
    expect((await tiktok.post(publishId)).post_ids).toHaveLength(2);
  });

  test('a failure that was ordered shows in an HTTP 200 with its reason and nothing empty', async () => {
    const account = await tiktok.account();
    await tiktok.control('POST', `/accounts/${account.username}/next-post`, { fail_reason: 'frame_rate_check_failed' });
    const publishId = await uploaded(account);
    await tiktok.advance(1_500);
    const { status, json } = await tiktok.status(account.access_token, publishId);
    expect([status, json.error.code, json.data]).toEqual([200, 'ok', { fail_reason: 'frame_rate_check_failed', status: 'FAILED', uploaded_bytes: 1_000 }]);
    expect((await tiktok.post(await uploaded(account))).fail_reason).toBeNull();
  });

  test('a publish_id that is unknown, hidden for a while, or another creator’s', async () => {
    const [mine, other] = [await tiktok.account(), await tiktok.account()];
    expect(refusal(await tiktok.status(mine.access_token, 'v_pub_file~v2-1.1'))).toEqual([400, 'invalid_publish_id']);
    await tiktok.settings({ timings: { publish_id_hidden_ms: 5_000 } });
    const publishId = await uploaded(mine);
    expect(refusal(await tiktok.status(mine.access_token, publishId))).toEqual([400, 'invalid_publish_id']);
    await tiktok.advance(5_000);
    expect((await statusOf(mine, publishId)).status).toBe('PUBLISH_COMPLETE');
    expect(refusal(await tiktok.status(other.access_token, publishId))).toEqual([400, 'token_not_authorized_for_specified_publish_id']);
  });

  test('a creator who removes the app fails what is in processing', async () => {
    const account = await tiktok.account();
    const publishId = await uploaded(account);
    await tiktok.control('POST', `/accounts/${account.username}/disconnect`);
    expect(await tiktok.post(publishId)).toMatchObject({ status: 'FAILED', fail_reason: 'auth_removed', video_ids: [] });
  });

  test('cancel works while bytes come in, and not afterwards', async () => {
    const account = await tiktok.account();
    const { json } = await direct(account);
    const cancel = (publish_id: string) => tiktok.api(account.access_token, CANCEL, { publish_id });
    const cancelled = await cancel(json.data.publish_id);
    expect(cancelled.json).toEqual({ error: { code: 'ok', message: '', log_id: expect.any(String) } });
    expect(await statusOf(account, json.data.publish_id)).toEqual({ fail_reason: 'publish_cancelled', status: 'FAILED' });
    expect((await tiktok.put(json.data.upload_url, clip(1_000), 'bytes 0-999/1000')).status).toBe(404);
    const late = await uploaded(account);
    expect(refusal(await cancel(late))).toEqual([400, 'publish_not_cancellable']);
    expect(refusal(await cancel('v_pub_url~v2.1'))).toEqual([400, 'invalid_publish_id']);
    await tiktok.settings({ behaviour: { cancel_file_upload: false } });
    expect(refusal(await cancel((await direct(account)).json.data.publish_id))).toEqual([400, 'publish_not_cancellable']);
  });
});

describe('pulling from a URL', () => {
  const pull = (account: Account, video_url: string) => direct(account, {}, { source: 'PULL_FROM_URL', video_url });
  const ended = (publishId: string) =>
    eventually(async () => {
      await tiktok.advance(1_000);
      const post = await tiktok.post(publishId);
      return post.status.startsWith('PROCESSING') ? null : post;
    });

  test('downloads the video, counts its bytes, and publishes it', async () => {
    const account = await tiktok.account();
    const { json } = await pull(account, `${mediaUrl}/clip.mp4`);
    expect(json.data.publish_id).toMatch(/^v_pub_url~v2\.\d+$/);
    expect(json.data.upload_url).toBeUndefined();
    expect(await ended(json.data.publish_id)).toMatchObject({ status: 'PUBLISH_COMPLETE', downloaded_bytes: 100_000 });
    expect((await statusOf(account, json.data.publish_id)).downloaded_bytes).toBe(100_000);
  });

  test.each(['/moved.mp4', '/missing.mp4'])('%s can’t be pulled', async (path) => {
    const { json } = await pull(await tiktok.account(), mediaUrl + path);
    expect(await ended(json.data.publish_id)).toMatchObject({ status: 'FAILED', fail_reason: 'video_pull_failed', video_ids: [] });
  });

  test('hosts that are not verified are refused at init; sub-domains and prefixes count', async () => {
    await tiktok.settings({ limits: { init: 100 }, pull: { domains: ['static.example.test'], prefixes: ['https://cdn.example.test/ours/'] }, timings: { pull_delay_ms: 3_600_000 } });
    const account = await tiktok.account();
    const answers = async (url: string) => refusal(await pull(account, url));
    for (const url of ['https://example.test/a.mp4', `${mediaUrl}/clip.mp4`, 'https://cdn.example.test/others/a.mp4', 'https://notstatic.example.test.evil/a.mp4']) {
      expect(await answers(url)).toEqual([403, 'url_ownership_unverified']);
    }
    expect(await answers('http://static.example.test/a.mp4')).toEqual([400, 'invalid_params']);
    expect(await answers('no url')).toEqual([400, 'invalid_params']);
    for (const url of ['https://video.static.example.test/a.mp4', 'https://cdn.example.test/ours/a.mp4']) expect(await answers(url)).toEqual([200, 'ok']);
    expect(refusal(await photo(account, {}, ['https://example.test/a.jpg']))).toEqual([403, 'url_ownership_unverified']);
  });

  test('a pull in progress can be cancelled', async () => {
    const account = await tiktok.account();
    const { json } = await pull(account, `${mediaUrl}/slow.mp4`);
    await eventually(async () => (await tiktok.post(json.data.publish_id)).downloaded_bytes > 0);
    expect((await statusOf(account, json.data.publish_id)).status).toBe('PROCESSING_DOWNLOAD');
    expect((await tiktok.api(account.access_token, CANCEL, { publish_id: json.data.publish_id })).status).toBe(200);
    expect(await statusOf(account, json.data.publish_id)).toMatchObject({ status: 'FAILED', fail_reason: 'publish_cancelled' });
  });

  test('photos are pulled likewise, and one bad picture fails them all', async () => {
    const account = await tiktok.account();
    const outcome = async (...paths: string[]) => {
      const { json } = await photo(account, {}, paths.map((path) => mediaUrl + path));
      expect(json.data.publish_id).toMatch(/^p_pub_url~v2\./);
      const { status, fail_reason } = await ended(json.data.publish_id);
      return [status, fail_reason];
    };
    expect(await outcome('/portrait.jpg', '/portrait.jpg')).toEqual(['PUBLISH_COMPLETE', null]);
    expect(await outcome('/portrait.jpg', '/large.jpg')).toEqual(['FAILED', 'picture_size_check_failed']);
    expect(await outcome('/picture.png')).toEqual(['FAILED', 'file_format_check_failed']);
    expect(await outcome('/missing.jpg')).toEqual(['FAILED', 'photo_pull_failed']);
  });
});
