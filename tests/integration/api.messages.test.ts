import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from '../../api/paging.ts';
import { newId } from '../../db/ids.ts';
import { append, orderMessage, productMessage } from '../helpers/messages.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface View {
  message_id: string;
  subject: string;
  state: string;
}

let api: TestApi;
let owner: Person;
const channel_id = newId();
beforeAll(async () => {
  api = await createTestApi();
  owner = await api.person();
  const channel = { channel_id, workspace_id: owner.workspace_id };
  await append(api.database.db, ...['sent', 'off', 'waiting', 'failing', 'given-up'].map((id) => orderMessage(channel, id, 1)), productMessage({ ...channel, channel_id: newId() }, 'product', 2));
  const set = (id: string, values: string) => api.database.pool.query(`update shop_outbox set ${values} where key = $1`, [`${channel_id}:${id}`]);
  await set('sent', `amqp_at = now(), http_at = now(), http_attempts = 1`);
  await set('off', `amqp_at = now(), http_at = '-infinity'`);
  await set('waiting', `amqp_at = now()`);
  await set('failing', `amqp_at = now(), http_attempts = 3, http_error = 'target_failed: no', http_next_at = now() + interval '1 minute'`);
  await set('given-up', `amqp_at = '-infinity', http_attempts = 300, http_error = 'target_failed: no', http_gave_up_at = now()`);
});
afterAll(() => api.close());

const list = (query = '', token = owner.token) => api.call<Page<View>>('GET', `/messages${query}`, { token });
const subjects = async (query: string) => (await list(query)).body.items.map(({ subject }) => subject);

test('messages are listed newest first, with what became of them', async () => {
  const { status, body } = await list();
  expect(status).toBe(200);
  expect(body.items.map(({ subject, state }) => [subject, state])).toEqual([
    ['product', 'waiting'],
    ['given-up', 'gave_up'],
    ['failing', 'failing'],
    ['waiting', 'waiting'],
    ['off', 'sent'],
    ['sent', 'sent'],
  ]);
  expect(body.items[2]).toMatchObject({
    channel_uid: channel_id,
    type: 'order',
    change: 'placed',
    sequence: 1,
    rabbitmq_at: expect.any(String),
    callback: { at: null, attempts: 3, error: 'target_failed: no', next_at: expect.any(String), gave_up_at: null },
  });
  expect(body.items[4]).toMatchObject({ rabbitmq_at: expect.any(String), callback: { at: null, attempts: 0, error: null } });
});

test('by state and channel', async () => {
  expect(await subjects('?state=waiting')).toEqual(['product', 'waiting']);
  expect(await subjects('?state=failing')).toEqual(['failing']);
  expect(await subjects('?state=gave_up')).toEqual(['given-up']);
  expect(await subjects('?state=sent')).toEqual(['off', 'sent']);
  expect(await subjects(`?state=waiting&channel_uid=${channel_id}`)).toEqual(['waiting']);
});

test('page by page', async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const { body } = await list(`?limit=4${cursor ? `&cursor=${cursor}` : ''}`);
    seen.push(...body.items.map(({ subject }) => subject));
    cursor = body.next_cursor;
  } while (cursor);
  expect(seen).toEqual(['product', 'given-up', 'failing', 'waiting', 'off', 'sent']);
  expect((await list('?cursor=bogus')).status).toBe(422);
});

test('those of another workspace are not shown', async () => {
  const stranger = await api.person();
  expect((await list('', stranger.token)).body.items).toEqual([]);
});
