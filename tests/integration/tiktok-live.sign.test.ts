import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Sandbox } from '../../sandbox/server.ts';
import { describeAll, LIVESTREAM, listen, NEVER, testClient } from '../helpers/live-client.ts';
import { startTestSandbox, type SandboxControl } from '../helpers/sandbox-client.ts';
import { answerWith, startStubSignService, type StubSignService } from '../helpers/stub-sign-service.ts';
import { batchOf } from '../helpers/webcast-bytes.ts';

const ROOM = '7312345678901234000';
const COOKIE = 'sessionid=TopSecretSession01; sid_tt=TopSecretSession02';

let sandbox: Sandbox;
let control: SandboxControl;
let stub: StubSignService;

beforeAll(async () => {
  const started = await startTestSandbox();
  ({ control } = started);
  sandbox = started;
});
afterAll(() => sandbox.close());

const opening = (client = testClient(stub.url), given: object = {}) =>
  client.open({
    livestream_id: LIVESTREAM,
    room_id: ROOM,
    username: null,
    cursor: null,
    session_cookie: null,
    onFrame: () => undefined,
    signal: NEVER,
    ...given,
  });
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error('it succeeded'),
    (error: unknown) => error as Error,
  );

describe('the sandbox’s sign service', () => {
  test.each([
    [
      'rate_limited',
      { code: 'sign_rate_limited', retry_after_ms: 7_000, detail: 'Too many connections started, try again later', permanent: false },
    ],
    ['payment_required', { code: 'sign_payment_required', detail: 'This needs a paid plan, see the pricing page', permanent: true }],
    ['unauthorized', { code: 'sign_unauthorized', detail: 'The API key is missing or not valid', permanent: true }],
    ['failing', { code: 'sign_unavailable', detail: 'Internal server error, try again later', permanent: false }],
    ['empty_cookies', { code: 'tiktok_bad_response', detail: 'The sign service gave no cookie.' }],
    ['no_cursor', { code: 'tiktok_bad_response', detail: 'The sign service gave no cursor.' }],
    ['malformed', { code: 'tiktok_bad_response', detail: expect.any(String) }],
  ])('refusing as %s is told by its code, with its own words', async (mode, expected) => {
    await control.createRoom('refused', { sign: { mode, retry_after_s: 7 } });
    await expect(listen(testClient(sandbox.url), control, 'refused')).rejects.toMatchObject(expected);
  });

  test('each call waits for its turn first, and what the answer says of the allowance is reported', async () => {
    await control.createRoom('counted');
    const client = testClient(sandbox.url);
    const { connection } = await listen(client, control, 'counted');
    expect(client.acquired).toEqual([LIVESTREAM]);
    expect(client.reports).toEqual([{ limit: expect.any(Number), remaining: expect.any(Number), reset_at_ms: expect.any(Number) }]);
    expect(client.reports[0]!.reset_at_ms! - Date.now()).toBeLessThan(3_600_000);
    await connection.close();
  });

  test('"too many" blocks the allowance of everybody until it is over', async () => {
    await control.createRoom('too.many', { sign: { mode: 'rate_limited', retry_after_s: 7 } });
    const client = testClient(sandbox.url);
    await expect(listen(client, control, 'too.many')).rejects.toMatchObject({ code: 'sign_rate_limited' });
    expect(client.reports).toMatchObject([{ remaining: 0, blocked_until_ms: expect.any(Number) }]);
    expect(client.reports[0]!.blocked_until_ms! - Date.now()).toBeGreaterThan(6_000);
  });

  test('the connector’s parameters and our key go along', async () => {
    await control.createRoom('params');
    const { connection } = await listen(testClient(sandbox.url, { signApiKey: 'key-of-ours' }), control, 'params');
    const sign = (await control.state('params')).requests.find(({ route }) => route === 'sign');
    expect(sign?.query).toMatchObject({
      client: 'ttlive-node',
      cursor: '',
      client_enter: 'true',
      platform: 'web',
      user_agent: expect.stringContaining('Mozilla'),
    });
    expect(sign?.headers['x-api-key']).toBe('key-of-ours');
    await connection.close();
  });

  test('an age-restricted room opens with a session only, which sign service and push server then see', async () => {
    await control.createRoom('adults', { age_restricted: true });
    const client = testClient(sandbox.url);
    await expect(listen(client, control, 'adults')).rejects.toMatchObject({ code: 'age_restricted' });
    const { connection } = await listen(client, control, 'adults', { session_cookie: COOKIE });
    const { requests, sockets } = await control.state('adults');
    expect(requests.findLast(({ route }) => route === 'sign')?.headers['x-cookie-header']).toContain('TopSecretSession01');
    expect(sockets[0]?.headers['cookie']).toMatch(/TopSecretSession01.*ttwid=sandbox-adults/);
    await connection.close();
  });

  test('without a session the push server gets the sign service’s cookie and no other', async () => {
    await control.createRoom('visitors');
    const { connection } = await listen(testClient(sandbox.url), control, 'visitors');
    const { requests, sockets } = await control.state('visitors');
    expect(sockets[0]?.headers['cookie']).toBe('ttwid=sandbox-visitors');
    expect(requests.find(({ route }) => route === 'sign')?.headers['x-cookie-header']).toBeUndefined();
    await connection.close();
  });
});

describe('any sign service', () => {
  beforeAll(async () => {
    stub = await startStubSignService();
  });
  afterAll(() => stub.close());
  beforeEach(() => {
    stub.requests.length = 0;
  });

  test.each([
    ['seconds', { 'retry-after': '3' }, 3_000],
    ['a date', { 'retry-after': new Date(Date.now() + 90_000).toUTCString() }, 90_000],
    ['the end of the window', { 'x-ratelimit-reset': String(Math.ceil(Date.now() / 1_000) + 90) }, 90_000],
    ['nothing', {}, 60_000],
  ])('Retry-After as %s is understood', async (_as, headers, waitMs) => {
    stub.onConnect = (response) => answerWith(response, '{"message":"slow down"}', 429, headers);
    const error = (await failure(opening())) as Error & { retry_after_ms: number };
    expect(error).toMatchObject({ code: 'sign_rate_limited', detail: 'slow down' });
    expect(Math.abs(error.retry_after_ms - waitMs)).toBeLessThan(10_000);
  });

  test('a 429 that is no JSON, or a 402 without words, is told all the same', async () => {
    stub.onConnect = (response) => answerWith(response, '<html>', 429, { 'retry-after': '1' });
    await expect(opening()).rejects.toMatchObject({ code: 'sign_rate_limited', detail: 'HTTP 429' });
    stub.onConnect = (response) => answerWith(response, '', 402);
    await expect(opening()).rejects.toMatchObject({ code: 'sign_payment_required' });
  });

  test('one that never answers is unavailable in time', async () => {
    stub.onConnect = () => undefined;
    await expect(opening(testClient(stub.url, { timeouts: { sign: 100 } }))).rejects.toMatchObject({
      code: 'sign_unavailable',
      detail: expect.stringContaining('100 ms'),
    });
  });

  test('an endless answer is cut', async () => {
    stub.onConnect = (response) => answerWith(response, Buffer.alloc(9 * 1024 * 1024));
    await expect(opening()).rejects.toMatchObject({ code: 'tiktok_bad_response', detail: expect.stringContaining('bytes') });
  });

  test('an answer without a push server is none', async () => {
    stub.onConnect = (response) => answerWith(response, batchOf([]));
    await expect(opening()).rejects.toMatchObject({ code: 'tiktok_bad_response', detail: 'The sign service gave no push server.' });
  });

  test('a room id that is no number is refused, whoever says it', async () => {
    stub.onConnect = (response) => answerWith(response, batchOf([], { pushServer: stub.pushUrl }), 200, { 'x-room-id': 'abc' });
    await expect(opening()).rejects.toMatchObject({ code: 'tiktok_bad_response' });
    await expect(opening(undefined, { room_id: '../rooms' })).rejects.toMatchObject({ code: 'tiktok_bad_response' });
  });

  test('a budget that fails is "unavailable", and no call is made', async () => {
    const signBudget = { acquire: async () => Promise.reject(new Error('no database')), report: async () => undefined };
    await expect(opening(testClient(stub.url, { signBudget }))).rejects.toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('no database'),
    });
    expect(stub.requests).toEqual([]);
  });

  test('a budget that can not take a report down stops nobody', async () => {
    stub.onConnect = (response) => answerWith(response, batchOf([], { pushServer: stub.pushUrl }), 200, { 'x-ratelimit-limit': '5' });
    const signBudget = { acquire: async () => undefined, report: async () => Promise.reject(new Error('no database')) };
    const client = testClient(stub.url, { signBudget });
    await (await opening(client)).close();
    expect(client.logged.join()).toContain('no database');
  });

  test('a wait for the budget that is called off is an abort', async () => {
    const controller = new AbortController();
    const acquire = (_id: string, signal: AbortSignal) =>
      new Promise<void>((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new DOMException('off', 'AbortError')), { once: true }),
      );
    const open = failure(
      opening(testClient(stub.url, { signBudget: { acquire, report: async () => undefined } }), { signal: controller.signal }),
    );
    controller.abort();
    expect(await open).toMatchObject({ name: 'LiveError', aborted: true });
  });
});

describe('secrets', () => {
  beforeAll(async () => {
    stub = await startStubSignService();
  });
  afterAll(() => stub.close());

  test('cookie and key are in no error and no log, even where the other side quotes them', async () => {
    const echo = JSON.stringify({ message: `bad session ${COOKIE} (${encodeURIComponent('TopSecretSession01')}) for key-of-ours` });
    const shown: string[] = [];
    for (const status of [400, 401, 402, 403, 429, 500]) {
      stub.onConnect = (response) => answerWith(response, echo, status);
      const client = testClient(stub.url, { signApiKey: 'key-of-ours' });
      const call = { session_cookie: COOKIE };
      shown.push(describeAll(await failure(opening(client, call))), ...client.logged);
      shown.push(describeAll(await failure(client.roomState(ROOM, COOKIE, NEVER))), ...client.logged);
    }
    stub.onConnect = (response) => answerWith(response, batchOf([], { pushServer: stub.pushUrl }));
    stub.onUpgrade = (stream) => stream.end(`HTTP/1.1 403 Forbidden\r\nhandshake-msg: ${COOKIE}\r\n\r\n`);
    shown.push(describeAll(await failure(opening(undefined, { session_cookie: COOKIE }))));
    stub.onUpgrade = (stream) => stream.destroy();
    shown.push(describeAll(await failure(opening(undefined, { session_cookie: COOKIE }))));
    expect(shown.join('\n')).toContain('[redacted]');
    expect(shown.join('\n')).not.toMatch(/TopSecret|key-of-ours/);
  });
});
