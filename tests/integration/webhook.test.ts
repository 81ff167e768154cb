import { afterEach, describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import type { WebhookConfig } from '../../domain/contracts/rule.ts';
import { sendChatMessage, type ChatConfig } from '../../messaging/chat-webhooks.ts';
import { createOutgoingHttp, type OutgoingHttpOptions } from '../../messaging/outgoing-http.ts';
import { createWebhookSender } from '../../messaging/webhook.ts';
import { startHttpTarget, type HttpTarget } from '../helpers/http-target.ts';
import { never, renderedAction } from '../helpers/rendered.ts';

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((close) => close()));
});

async function target(answer?: HttpTarget['answer']): Promise<HttpTarget> {
  const started = await startHttpTarget(answer);
  opened.push(started.stop);
  return started;
}

function outgoing(options: Partial<OutgoingHttpOptions> = {}) {
  const http = createOutgoingHttp({ allowPrivate: true, ...options });
  opened.push(http.close);
  return http;
}

const webhook = (config: WebhookConfig) => renderedAction({ action_type: 'webhook', order: 0, config });

function send(config: WebhookConfig, options: Partial<OutgoingHttpOptions> = {}) {
  return createWebhookSender({ http: outgoing(options), secretOf: async () => 'the secret' })(webhook(config), never);
}

describe('A webhook', () => {
  test('carries a signature over time and body, the idempotency key and what it is about', async () => {
    const hook = await target(() => ({ status: 200, body: 'thanks' }));
    const action = webhook({
      url: `${hook.url}/in?x=1`,
      headers: { 'X-Own': 'yes', 'Idempotency-Key': 'forged' },
      body: { user: 'ada', value: 100 },
    });
    const result = await createWebhookSender({ http: outgoing(), secretOf: async () => 'the secret' })(action, never);
    expect(result).toEqual({ outcome: 'succeeded', response: { status: 200, body: 'thanks' } });

    const [{ headers, body, method, path }] = hook.requests as [(typeof hook.requests)[0]];
    expect({ method, path, body }).toEqual({ method: 'POST', path: '/in?x=1', body: '{"user":"ada","value":100}' });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-own': 'yes',
      'idempotency-key': action.id,
      'x-showrunner-event': action.event_id,
      'x-showrunner-rule': action.rule_id,
      'user-agent': 'Showrunner/1',
    });
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-showrunner-signature'])) ?? [];
    expect(v1).toBe(createHmac('sha256', 'the secret').update(`${t}.${body}`).digest('hex'));
    expect(Math.abs(Number(t) - Date.now() / 1_000)).toBeLessThan(30);
  });

  test('sends text as text, and nothing with GET', async () => {
    const hook = await target();
    await send({ url: hook.url, method: 'PUT', body: 'hello' });
    await send({ url: hook.url, method: 'GET', body: 'hello' });
    expect(hook.requests.map(({ method, body, headers }) => [method, body, headers['content-type']])).toEqual([
      ['PUT', 'hello', 'text/plain; charset=utf-8'],
      ['GET', '', undefined],
    ]);
  });

  test('is refused for good by a 404, with what the other side said', async () => {
    const hook = await target(() => ({ status: 404, body: 'no such hook' }));
    expect(await send({ url: hook.url })).toMatchObject({
      outcome: 'failed',
      code: 'target_refused',
      error: 'The other side answered 404: no such hook',
      response: { status: 404 },
    });
  });

  test('waits as long as a 429 says', async () => {
    const hook = await target(() => ({ status: 429, headers: { 'retry-after': '7' } }));
    expect(await send({ url: hook.url })).toMatchObject({ outcome: 'retryable', code: 'target_failed', retry_after_ms: 7_000 });
  });

  test('is retried after silence, a closed port and an unknown name', async () => {
    const hook = await target(() => ({ status: 200, hang: true }));
    expect(await send({ url: hook.url, timeout_ms: 100 })).toMatchObject({ outcome: 'retryable', code: 'target_timeout' });
    expect(await send({ url: 'http://127.0.0.1:9/' })).toMatchObject({ outcome: 'retryable', code: 'target_unreachable' });
    const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND nowhere.example'), { code: 'ENOTFOUND' });
    const resolve = () => Promise.reject(unknown);
    expect(await send({ url: 'http://nowhere.example/' }, { resolve })).toMatchObject({ outcome: 'retryable', error: unknown.message });
  });

  test('ends at once when the worker stops', async () => {
    const hook = await target(() => ({ status: 200, hang: true }));
    const stop = new AbortController();
    const result = createWebhookSender({ http: outgoing(), secretOf: async () => 's' })(webhook({ url: hook.url }), stop.signal);
    stop.abort();
    expect(await result).toMatchObject({ outcome: 'retryable' });
  });

  test('keeps the start of a long answer and reads no more than it must', async () => {
    const hook = await target(() => ({ status: 500, body: Buffer.alloc(50_000_000, 'x') }));
    const result = await send({ url: hook.url });
    expect(result.response?.body).toHaveLength(2_048);
  });

  test('with a faulty header or URL fails for good', async () => {
    expect(await send({ url: 'http://x/', headers: { a: 'b\r\nHost: evil' } })).toMatchObject({
      outcome: 'failed',
      code: 'invalid_config',
    });
    expect(await send({ url: 'file:///etc/passwd' })).toMatchObject({ outcome: 'failed', code: 'invalid_url' });
    expect(await send({ url: 'no url' })).toMatchObject({ outcome: 'failed', code: 'invalid_url' });
  });
});

describe('A webhook to a private address', () => {
  const guarded = { allowPrivate: false };

  test.each(['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433', '0.0.0.0'])(
    'is not sent: %s',
    async (host) => {
      const hook = await target();
      expect(await send({ url: `http://${host}:${hook.port}/` }, guarded)).toMatchObject({ outcome: 'failed', code: 'private_address' });
      expect(hook.requests).toEqual([]);
    },
  );

  test('is not sent by way of a redirect', async () => {
    const hook = await target(() => ({ status: 307, headers: { location: `http://127.0.0.2:${hook.port}/secret` } }));
    const result = await send({ url: hook.url }, { ...guarded, isPublic: (address) => address === '127.0.0.1' });
    expect(result).toMatchObject({ outcome: 'failed', code: 'private_address' });
    expect(hook.requests.map(({ path }) => path)).toEqual(['/']);
  });

  test('is not sent to a name that changes its mind after it was vetted', async () => {
    const hook = await target(() => ({ status: 200, headers: { connection: 'close' } }));
    const answers = ['127.0.0.1', '127.0.0.2'];
    const resolve = async () => [{ address: answers.shift() ?? '127.0.0.2', family: 4 }];
    const http = outgoing({ ...guarded, resolve, isPublic: (address) => address === '127.0.0.1' });
    const sender = createWebhookSender({ http, secretOf: async () => 's' });
    const url = `http://rebind.example:${hook.port}/`;
    expect(await sender(webhook({ url }), never)).toMatchObject({ outcome: 'succeeded' });
    expect(answers).toEqual(['127.0.0.2']);
    expect(await sender(webhook({ url }), never)).toMatchObject({ outcome: 'failed', code: 'private_address' });
    expect(hook.requests).toHaveLength(1);
  });
});

describe('A redirect', () => {
  test('is followed three times for GET, and repeats method and body with 307', async () => {
    const hook = await target(({ path }) => (path === '/end' ? { status: 200 } : { status: 307, headers: { location: '/end' } }));
    expect(await send({ url: `${hook.url}/start`, body: 'b' })).toMatchObject({ outcome: 'succeeded' });
    expect(hook.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/start', 'b'],
      ['POST', '/end', 'b'],
    ]);
    const loop = await target(() => ({ status: 302, headers: { location: '/again' } }));
    expect(await send({ url: loop.url, method: 'GET' })).toMatchObject({ outcome: 'failed', code: 'target_refused' });
    expect(loop.requests).toHaveLength(4);
  });

  test('of a POST with 302 is not followed and says so', async () => {
    const hook = await target(() => ({ status: 302, headers: { location: 'https://login.example/' } }));
    expect(await send({ url: hook.url })).toMatchObject({ outcome: 'failed', error: expect.stringContaining('https://login.example/') });
    expect(hook.requests).toHaveLength(1);
  });

  test('to another origin does not take the credentials along', async () => {
    const other = await target();
    const hook = await target(() => ({ status: 308, headers: { location: `${other.url}/` } }));
    await send({ url: hook.url, headers: { Authorization: 'Bearer x', 'X-Own': 'kept' } });
    expect(hook.requests[0]?.headers.authorization).toBe('Bearer x');
    expect(other.requests[0]?.headers).toMatchObject({ 'x-own': 'kept' });
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
  });
});

describe('A chat message', () => {
  const message = 'hi <!channel> & @everyone';
  test.each([
    ['slack', {}, { text: 'hi &lt;!channel&gt; &amp; @everyone' }],
    ['discord', {}, { content: message, allowed_mentions: { parse: [] } }],
    ['telegram', { chat_id: '-100' }, { chat_id: '-100', text: message }],
  ] as const)('for %s can mention nobody', async (channel, more, body) => {
    const hook = await target();
    const config = { channel, url: hook.url, message, ...more } as ChatConfig;
    const result = await sendChatMessage(outgoing(), renderedAction({ action_type: 'notification', order: 0, config }), config, never);
    expect(result.outcome).toBe('succeeded');
    expect(JSON.parse(hook.requests[0]?.body ?? '')).toEqual(body);
  });

  test('waits as long as Telegram says in its body', async () => {
    const hook = await target(() => ({ status: 429, body: '{"ok":false,"parameters":{"retry_after":4}}' }));
    const config: ChatConfig = { channel: 'telegram', url: hook.url, chat_id: '1', message: 'm' };
    const result = await sendChatMessage(outgoing(), renderedAction({ action_type: 'notification', order: 0, config }), config, never);
    expect(result).toMatchObject({ outcome: 'retryable', retry_after_ms: 4_000 });
  });

  test('is cut to what the service takes', async () => {
    const hook = await target();
    const config: ChatConfig = { channel: 'discord', url: hook.url, message: '🎁'.repeat(3_000) };
    await sendChatMessage(outgoing(), renderedAction({ action_type: 'notification', order: 0, config }), config, never);
    const { content } = JSON.parse(hook.requests[0]?.body ?? '') as { content: string };
    expect(content.length).toBeLessThanOrEqual(2_000);
    expect(content).toMatch(/🎁…$/u);
  });
});
