import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isReadyMessage } from '../../config/lifecycle.ts';
import { clip, CREATOR, DIRECT, directBody, filePlan, OpenApiSandbox, STATUS } from '../helpers/open-api-sandbox.ts';

let tiktok: OpenApiSandbox;
beforeAll(async () => {
  tiktok = await OpenApiSandbox.start();
});
beforeEach(() => tiktok.control('POST', '/reset'));
afterAll(() => tiktok.close());

const init = (token: string) => tiktok.api(token, DIRECT, directBody(filePlan(1_000)));

describe('faults', () => {
  test('an init whose answer is lost has happened; one that was cut before has not', async () => {
    const account = await tiktok.account();
    const posts = async () => (await tiktok.control('GET', `/posts?username=${account.username}`)).posts;
    await tiktok.fault({ path: DIRECT, username: account.username, drop: 'before' });
    await expect(init(account.access_token)).rejects.toThrow();
    expect(await posts()).toHaveLength(0);
    await tiktok.fault({ path: DIRECT, username: account.username, drop: 'after' });
    await expect(init(account.access_token)).rejects.toThrow();
    expect(await posts()).toHaveLength(1);
    expect((await init(account.access_token)).status).toBe(200);
    const { counts } = await tiktok.control('GET', `/accounts/${account.username}`);
    expect(counts.calls[DIRECT]).toEqual({ all: 3, ok: 2 });
    const { calls } = await tiktok.control('GET', `/calls?path=${DIRECT}&username=${account.username}`);
    expect(calls.map(({ code, fault }: { code: string; fault: string }) => [code, fault])).toEqual([
      ['dropped', 'drop_before'],
      ['ok', 'drop_after'],
      ['ok', null],
    ]);
  });

  test('a refresh whose answer is lost has rotated the token', async () => {
    const account = await tiktok.account();
    await tiktok.fault({ path: '/v2/oauth/token/', username: account.username, drop: 'after' });
    await expect(tiktok.refresh(account.refresh_token)).rejects.toThrow();
    expect((await tiktok.refresh(account.refresh_token)).json.error).toBe('invalid_grant');
    const { counts } = await tiktok.control('GET', `/accounts/${account.username}`);
    expect(counts).toMatchObject({ refreshes: 1, replayed_refreshes: 1 });
  });

  test('answers take TikTok’s place for so many calls, in the envelope of their path', async () => {
    const account = await tiktok.account();
    await tiktok.fault({ path: STATUS, answer: { status: 500 }, times: 2, skip: 1 });
    const status = () => tiktok.api(account.access_token, STATUS, { publish_id: 'x' });
    expect([(await status()).status, (await status()).status, (await status()).status, (await status()).status]).toEqual([400, 500, 500, 400]);
    await tiktok.fault({ path: CREATOR, answer: { status: 200, code: 'spam_risk', message: 'No.', retry_after_s: 3 } });
    const refused = await tiktok.api(account.access_token, CREATOR);
    expect([refused.status, refused.json.error.code, refused.json.error.message, refused.headers.get('retry-after')]).toEqual([200, 'spam_risk', 'No.', '3']);
    await tiktok.fault({ path: '/v2/oauth/token/', answer: { status: 503, code: 'temporarily_unavailable' } });
    expect((await tiktok.refresh(account.refresh_token)).json).toMatchObject({ error: 'temporarily_unavailable' });
    await tiktok.fault({ path: CREATOR, answer: { status: 502, body: '<html></html>' } });
    expect((await tiktok.api(account.access_token, CREATOR)).text).toBe('<html></html>');
    expect((await tiktok.refresh(account.refresh_token)).status).toBe(200);
  });

  test('an answer may be wrong about what happened', async () => {
    const account = await tiktok.account();
    await tiktok.fault({ path: DIRECT, answer: { status: 500, acted: true } });
    expect((await init(account.access_token)).status).toBe(500);
    expect((await tiktok.control('GET', '/posts')).posts).toHaveLength(1);
  });

  test('meet the named account only, may be late, and can be taken back', async () => {
    const [slow, other] = [await tiktok.account(), await tiktok.account()];
    await tiktok.fault({ path: CREATOR, username: slow.username, delay_ms: 300, times: 10 });
    const timed = async (token: string) => {
      const before = performance.now();
      await tiktok.api(token, CREATOR);
      return performance.now() - before;
    };
    expect(await timed(slow.access_token)).toBeGreaterThan(290);
    await tiktok.fault({ path: CREATOR, username: slow.username, drop: 'before', times: 10 });
    expect((await tiktok.api(other.access_token, CREATOR)).status).toBe(200);
    await tiktok.control('DELETE', '/faults');
    expect((await tiktok.api(slow.access_token, CREATOR)).status).toBe(200);
  });
});

describe('the control API', () => {
  test.each([
    ['POST', '/faults', { path: '/v2/unknown/' }, 'path'],
    ['POST', '/faults', { path: DIRECT, drop: 'sometimes' }, 'drop'],
    ['POST', '/faults', { path: DIRECT, chunk: 1 }, 'chunk'],
    ['PATCH', '/settings', { tokens: { profile: 'lenient' } }, 'tokens.profile'],
    ['PATCH', '/settings', { timings: { processing_ms: -1 } }, 'timings.processing_ms'],
    ['PATCH', '/settings', { webhooks: { url: 'ftp://example.test' } }, 'webhooks.url'],
    ['POST', '/accounts', { username: 'not a handle' }, 'username'],
    ['PATCH', '/accounts/showrunner_demo', { is_private: 'yes' }, 'is_private'],
    ['POST', '/accounts/showrunner_demo/next-post', { fail_reason: 'bad_mood' }, 'fail_reason'],
    ['POST', '/clock', {}, 'offset_ms'],
  ])('%s %s with %j names the field', async (method, path, body, field) => {
    const { status, json } = await tiktok.send(method, `/control/open-api${path}`, { body: JSON.stringify(body) });
    expect(status).toBe(422);
    expect(json.faults.map((fault: { path: string[] }) => fault.path.join('.'))).toContain(field);
  });

  test('names what is not there, what can’t be, and what is no JSON', async () => {
    const status = async (method: string, path: string, body?: string) => (await tiktok.send(method, `/control/open-api${path}`, { body })).status;
    expect(await status('GET', '/accounts/nobody')).toBe(404);
    expect(await status('GET', '/posts/v_pub_url~v2.1')).toBe(404);
    expect(await status('POST', '/videos/1/delete')).toBe(404);
    expect(await status('POST', '/webhooks/99/again')).toBe(404);
    expect(await status('PATCH', '/settings', '{')).toBe(422);
    const account = await tiktok.account();
    const { json } = await init(account.access_token);
    expect(await status('POST', `/posts/${json.data.publish_id}/post-draft`)).toBe(409);
  });

  test('counts calls with dead tokens, and the posts that really exist', async () => {
    const account = await tiktok.account();
    const { json } = await init(account.access_token);
    await tiktok.put(json.data.upload_url, clip(1_000), 'bytes 0-999/1000');
    await tiktok.advance(3_000);
    await tiktok.control('POST', `/accounts/${account.username}/expire`);
    await init(account.access_token);
    const counts = await tiktok.control('GET', '/counts');
    expect(counts).toMatchObject({ posts: 1, videos: 1, dead_access_tokens: 1, accounts: { [account.username]: { dead_access_tokens: 1 } } });
    const { videos } = await tiktok.control('GET', `/videos?username=${account.username}`);
    expect(videos).toEqual([expect.objectContaining({ publish_id: json.data.publish_id, is_listed: true })]);
  });

  test('a reset forgets tokens, posts, faults, settings and time; the reset of both halves does too', async () => {
    for (const path of ['/control/open-api/reset', '/control/reset']) {
      const account = await tiktok.account();
      await init(account.access_token);
      await tiktok.settings({ tokens: { profile: 'legacy' }, consent: { require_pkce: true } });
      await tiktok.advance(1_000_000);
      await tiktok.fault({ path: DIRECT, drop: 'before' });
      expect((await tiktok.send('POST', path)).status).toBe(200);
      expect((await tiktok.control('GET', '/clock')).offset_ms).toBe(0);
      expect(await tiktok.control('GET', '/settings')).toMatchObject({ tokens: { profile: 'strict', access_lifetime_s: 7_200 }, consent: { require_pkce: false } });
      expect((await tiktok.control('GET', '/posts')).posts).toEqual([]);
      expect((await tiktok.control('GET', '/faults')).faults).toEqual([]);
      expect((await tiktok.control('GET', '/accounts')).accounts.map(({ username }: { username: string }) => username)).not.toContain(account.username);
      expect((await tiktok.api(account.access_token, CREATOR)).status).toBe(401);
    }
  });
});

test('as a process it takes its webhook URL from the environment, and refuses what is none', async () => {
  const start = (url: string) => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    return spawn(process.execPath, ['--import', 'tsx', 'sandbox/main.ts', '0'], {
      cwd: root,
      env: { PATH: process.env.PATH, SANDBOX_WEBHOOK_URL: url },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
  };
  const child = start('http://127.0.0.1:9/webhook/tiktok');
  const [message] = (await once(child, 'message')) as [unknown];
  const url = isReadyMessage(message) ? message.url : '';
  const settings = (await (await fetch(`${url}/control/open-api/settings`)).json()) as { webhooks: { url: string } };
  expect(settings.webhooks.url).toBe('http://127.0.0.1:9/webhook/tiktok');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);

  const wrong = start('mailto:nobody');
  const said: Buffer[] = [];
  wrong.stderr!.on('data', (part: Buffer) => said.push(part));
  const [code] = (await once(wrong, 'close')) as [number];
  expect([code, Buffer.concat(said).toString()]).toEqual([1, expect.stringContaining('SANDBOX_WEBHOOK_URL')]);
});
