import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { ApiError } from '../../api/errors.ts';
import { createApp } from '../../api/app.ts';
import { eventually } from '../helpers/eventually.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

const SECRET = 'test-client-secret';
let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  api.temporal.calls.length = 0;
  await api.database.db.deleteFrom('tiktok_webhooks').execute();
});

const nowS = (): number => Math.floor(Date.now() / 1_000);
const bodyOf = (over: object = {}): string =>
  JSON.stringify({
    client_key: 'test-client-key',
    event: 'post.publish.complete',
    create_time: nowS(),
    user_openid: '-000open_id',
    content: JSON.stringify({ publish_id: 'v_pub_file~v2-1.7400000000000000001', publish_type: 'DIRECT_PUBLISH' }),
    ...over,
  });
const sign = (body: string | Uint8Array, t: number | string = nowS(), secret = SECRET): string =>
  `t=${t},s=${createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex')}`;

interface Sent {
  signature?: string | null;
  header?: string;
  app?: typeof api.app;
}
async function send(body: string | Uint8Array<ArrayBuffer>, { signature = sign(body), header = 'TikTok-Signature', app = api.app }: Sent = {}) {
  const headers = { 'content-type': 'application/json', ...(signature !== null && { [header]: signature }) };
  const response = await app.request('/webhook/tiktok', { method: 'POST', headers, body });
  return { status: response.status, body: (await response.json()) as { code?: string; detail?: string; received?: boolean } };
}
const stored = () => api.database.db.selectFrom('tiktok_webhooks').selectAll().execute();
const processed = () => api.temporal.calls.filter(({ name }) => name === 'processWebhook').map(({ args }) => args[0]);

describe('a webhook of TikTok', () => {
  test.each(['TikTok-Signature', 'Tiktok-Signature', 'tiktok-signature'])('signed under %s is kept as it came and handed on', async (header) => {
    const body = bodyOf();
    expect(await send(body, { header })).toEqual({ status: 200, body: { received: true } });
    const rows = await stored();
    expect(rows).toMatchObject([{ event: 'post.publish.complete', user_openid: '-000open_id', body, times_received: 1, processed_at: null }]);
    expect(processed()).toEqual([rows[0]?.id]);
  });

  test('that is repeated is counted, and handed on again only where nobody has processed it', async () => {
    const body = bodyOf();
    await Promise.all([send(body), send(body, { signature: sign(body, nowS() - 100) }), send(body)]);
    expect(await stored()).toMatchObject([{ times_received: 3 }]);
    expect(new Set(processed()).size).toBe(1);
    await api.database.db.updateTable('tiktok_webhooks').set({ processed_at: new Date(), outcome: 'done' }).execute();
    api.temporal.calls.length = 0;
    expect((await send(body)).status).toBe(200);
    expect(processed()).toEqual([]);
  });

  test('is answered 200 though Temporal is away: it is kept, and the sweep processes it', async () => {
    const publishing = { ...api.temporal.publishing, processWebhook: () => Promise.reject(new ApiError('unavailable', { detail: 'Temporal' })) };
    const app = createApp({ ...api.deps, temporal: { ...api.temporal, publishing } });
    expect((await send(bodyOf(), { app })).status).toBe(200);
    expect(await stored()).toHaveLength(1);
    await eventually(() => api.log().includes('the sweep processes it'));
  });

  test('of an event that nobody knows yet is kept too', async () => {
    expect((await send(bodyOf({ event: 'post.publish.celebrated', content: '{}' }))).status).toBe(200);
    expect(await stored()).toMatchObject([{ event: 'post.publish.celebrated' }]);
  });
});

describe('refused, and not kept, is a webhook', () => {
  const refused = async (status: number, code: string, body: string | Uint8Array<ArrayBuffer>, options?: Sent): Promise<void> => {
    const answer = await send(body, options);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(await stored()).toEqual([]);
    expect(processed()).toEqual([]);
  };

  test('without a signature, or with one that is none', async () => {
    for (const signature of [null, '', 'nonsense', `t=${nowS()}`, `s=${'0'.repeat(64)}`, `t=${nowS()},s=abc`, `t=soon,s=${'0'.repeat(64)}`])
      await refused(401, 'webhook_signature', bodyOf(), { signature });
  });

  test('signed with another secret, over another body, or for another time', async () => {
    const body = bodyOf();
    await refused(401, 'webhook_signature', body, { signature: sign(body, nowS(), 'another secret') });
    await refused(401, 'webhook_signature', body, { signature: sign(`${body} `) });
    await refused(401, 'webhook_signature', body, { signature: sign(body).replace(/t=\d+/, `t=${nowS() - 1}`) });
  });

  test('signed more than five minutes ago, or ahead', async () => {
    const body = bodyOf();
    await refused(401, 'webhook_too_old', body, { signature: sign(body, nowS() - 310) });
    await refused(401, 'webhook_too_old', body, { signature: sign(body, nowS() + 310) });
    expect((await send(body, { signature: sign(body, nowS() - 290) })).status).toBe(200);
  });

  test('whose signature is wrong does not learn whether its time is', () => refused(401, 'webhook_signature', bodyOf(), { signature: sign(bodyOf(), nowS() - 9_999, 'x') }));

  test('of another app', () => refused(422, 'validation_failed', bodyOf({ client_key: 'another-app' })));

  test('that is no JSON, no envelope, or no text', async () => {
    for (const body of ['', 'nonsense', '[]', '{}', bodyOf({ event: '' }), bodyOf({ content: '{"publish_id":' }), bodyOf({ content: '{}' })]) await refused(400, 'malformed_json', body);
    await refused(400, 'malformed_json', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]));
    await refused(422, 'validation_failed', bodyOf({ event: 'a\0b' }));
  });

  test('of more than 1 MiB', () => refused(413, 'payload_too_large', bodyOf({ content: 'a'.repeat(1024 * 1024) })));

  test('where no TikTok app is configured', () => refused(501, 'tiktok_app_missing', bodyOf(), { app: createApp({ ...api.deps, config: { ...api.deps.config, tiktokApp: null } }) }));
});
