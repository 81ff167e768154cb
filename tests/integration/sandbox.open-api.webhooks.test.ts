import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SANDBOX_APP } from '../../domain/sandbox-app.ts';
import { eventually } from '../helpers/eventually.ts';
import { clip, DIRECT, directBody, filePlan, INBOX, OpenApiSandbox } from '../helpers/open-api-sandbox.ts';

interface Received {
  headers: IncomingHttpHeaders;
  raw: string;
  event: string;
  content: Record<string, string>;
}

let tiktok: OpenApiSandbox;
let receiver: Server;
let received: Received[] = [];
/** How the receiver answers, call by call; then 200. */
let answers: number[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const raw = Buffer.concat(parts).toString();
      const body = JSON.parse(raw) as { event: string; content: string };
      received.push({ headers: request.headers, raw, event: body.event, content: JSON.parse(body.content) as Record<string, string> });
      response.writeHead(answers.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  tiktok = await OpenApiSandbox.start({ webhookUrl: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhook` });
});
beforeEach(async () => {
  await tiktok.control('POST', '/reset');
  received = [];
  answers = [];
});
afterAll(async () => {
  await tiktok.close();
  receiver.closeAllConnections();
  receiver.close();
});

const send = (event: string, content: object = {}) => tiktok.control('POST', '/webhooks', { event, username: 'cafe_nordlicht', content });
const deliveries = async (): Promise<{ id: number; event: string; state: string; attempts: { status: number | null; at_ms: number }[] }[]> => (await tiktok.control('GET', '/webhooks')).deliveries;
const isSigned = ({ headers, raw }: Received, secret: string = SANDBOX_APP.client_secret): boolean => {
  const [, t, s] = /^t=(\d+),s=([0-9a-f]{64})$/.exec(String(headers['tiktok-signature'])) ?? [];
  return s === createHmac('sha256', secret).update(`${t}.${raw}`).digest('hex');
};

async function uploaded(account: { access_token: string }, path: string): Promise<string> {
  const { json } = await tiktok.api(account.access_token, path, path === DIRECT ? directBody(filePlan(1_000)) : { source_info: filePlan(1_000) });
  await tiktok.put(json.data.upload_url, clip(1_000), 'bytes 0-999/1000');
  return json.data.publish_id;
}

test('an event is signed over its raw bytes, and its content is JSON within JSON', async () => {
  await send('post.publish.complete', { publish_id: 'v_pub_url~v2.1', text: 'Käse "☕"' });
  const [event] = await eventually(() => (received.length === 1 ? received : null));
  expect(isSigned(event!)).toBe(true);
  expect(isSigned(event!, 'another secret')).toBe(false);
  expect(JSON.parse(event!.raw)).toEqual({
    client_key: SANDBOX_APP.client_key,
    event: 'post.publish.complete',
    create_time: expect.any(Number),
    user_openid: expect.stringMatching(/^-000/),
    content: JSON.stringify({ publish_id: 'v_pub_url~v2.1', text: 'Käse "☕"' }),
  });
  const [, t] = /^t=(\d+)/.exec(String(event!.headers['tiktok-signature'])) ?? [];
  expect(Math.abs(Number(t) - Date.now() / 1_000)).toBeLessThan(60);
});

describe('the events of a post', () => {
  test('a direct post: complete, publicly available with its id as a string, and no longer so', async () => {
    const account = await tiktok.account();
    const publish_id = await uploaded(account, DIRECT);
    await tiktok.advance(2_500);
    await eventually(() => received.length === 2);
    const [post_id] = (await tiktok.post(publish_id)).video_ids;
    await tiktok.control('POST', `/videos/${post_id}/make-private`);
    await eventually(() => received.length === 3);
    const byEvent = Object.fromEntries(received.map(({ event, content }) => [event, content]));
    expect(byEvent).toEqual({
      'post.publish.complete': { publish_id, publish_type: 'DIRECT_PUBLISH' },
      'post.publish.publicly_available': { publish_id, post_id, publish_type: 'DIRECT_PUBLISH' },
      'post.publish.no_longer_publicaly_available': { publish_id, post_id, publish_type: 'DIRECT_PUBLISH' },
    });
  });

  test('a draft is delivered to the inbox; a failure tells its reason', async () => {
    const account = await tiktok.account();
    const draft = await uploaded(account, INBOX);
    await tiktok.control('POST', `/accounts/${account.username}/next-post`, { fail_reason: 'spam_risk' });
    const failing = await uploaded(account, DIRECT);
    await tiktok.advance(1_500);
    await eventually(() => received.length === 2);
    expect(received.map(({ event, content }) => ({ event, content }))).toEqual(
      expect.arrayContaining([
        { event: 'post.publish.inbox_delivered', content: { publish_id: draft, publish_type: 'INBOX_SHARE' } },
        { event: 'post.publish.failed', content: { publish_id: failing, reason: 'spam_risk', publish_type: 'DIRECT_PUBLISH' } },
      ]),
    );
  });

  test('a private post completes and is never publicly available', async () => {
    const account = await tiktok.account();
    const { json } = await tiktok.api(account.access_token, DIRECT, directBody(filePlan(1_000), { privacy_level: 'SELF_ONLY' }));
    await tiktok.put(json.data.upload_url, clip(1_000), 'bytes 0-999/1000');
    await tiktok.advance(60_000);
    await send('last');
    await eventually(() => received.some(({ event }) => event === 'last'));
    expect(received.map(({ event }) => event).sort()).toEqual(['last', 'post.publish.complete']);
  });
});

describe('delivery', () => {
  test('anything but 200 is tried again with growing gaps, the same bytes each time', async () => {
    await tiktok.settings({ webhooks: { retry_initial_ms: 20 } });
    answers = [500, 204, 302, 200];
    await send('retried');
    await eventually(() => received.length === 4);
    await eventually(async () => (await deliveries())[0]?.state === 'delivered');
    expect(new Set(received.map(({ raw }) => raw)).size).toBe(1);
    expect(received.every((event) => isSigned(event))).toBe(true);
    const [{ attempts } = { attempts: [] }] = await deliveries();
    expect(attempts.map(({ status }) => status)).toEqual([500, 204, 302, 200]);
    const gaps = attempts.slice(1).map(({ at_ms }, index) => at_ms - (attempts[index]?.at_ms ?? 0));
    for (const [index, least] of [20, 40, 80].entries()) expect(gaps[index]).toBeGreaterThanOrEqual(least);
  });

  test('is given up after the last attempt', async () => {
    await tiktok.settings({ webhooks: { retry_initial_ms: 1, max_attempts: 3 } });
    answers = Array.from({ length: 10 }, () => 503);
    await send('hopeless');
    await eventually(async () => (await deliveries())[0]?.state === 'dropped');
    expect(received).toHaveLength(3);
  });

  test('goes on when a receiver that was away is back', async () => {
    await tiktok.settings({ webhooks: { url: 'http://127.0.0.1:1/', retry_initial_ms: 50 } });
    await send('patient');
    await eventually(async () => ((await deliveries())[0]?.attempts.length ?? 0) > 0);
    await tiktok.settings({ webhooks: { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` } });
    await eventually(() => received.length === 1);
  });

  test('may come in duplicate, newest first, with a wrong signature, or late', async () => {
    await tiktok.settings({ webhooks: { duplicates: 2 } });
    await send('thrice');
    await eventually(() => received.length === 3);
    received = [];
    await tiktok.settings({ webhooks: { duplicates: 0, wrong_signature: true, disorder_ms: 60_000 } });
    for (const event of ['first', 'second']) await send(event);
    await tiktok.advance(60_000);
    await eventually(() => received.length === 2);
    expect(received.some((event) => isSigned(event))).toBe(false);
    expect(received.map(({ event }) => event)).toEqual(['second', 'first']);
    await tiktok.settings({ webhooks: { wrong_signature: false, disorder_ms: 0, age_s: 3_600 } });
    received = [];
    await send('old');
    const [old] = await eventually(() => (received.length === 1 ? received : null));
    expect(isSigned(old!)).toBe(true);
    expect(Number(/^t=(\d+)/.exec(String(old!.headers['tiktok-signature']))?.[1])).toBeLessThan(Date.now() / 1_000 - 3_000);
  });

  test('waits while it is paused, and one may be sent again', async () => {
    await tiktok.settings({ webhooks: { paused: true } });
    const { id } = await send('held');
    expect((await deliveries())[0]).toMatchObject({ state: 'waiting', attempts: [] });
    await tiktok.settings({ webhooks: { paused: false } });
    await eventually(() => received.length === 1);
    await tiktok.control('POST', `/webhooks/${id}/again`);
    await eventually(() => received.length === 2);
    expect(received[0]?.raw).toBe(received[1]?.raw);
  });

  test('does not happen without a URL', async () => {
    await tiktok.settings({ webhooks: { url: null } });
    await send('nowhere');
    expect((await deliveries())[0]).toMatchObject({ state: 'no_url', attempts: [] });
  });
});
