import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { newId } from '../../db/ids.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface Page {
  items: { id: string; message: string; read_at: string | null }[];
  next_cursor: string | null;
}

let api: TestApi;
let owner: Person;
let ids: string[];
beforeAll(async () => {
  api = await createTestApi();
});
beforeEach(async () => {
  owner = await api.person();
  ids = ['first', 'second', 'third'].map(() => newId());
  const rows = ids.map((id, index) => ({ id, workspace_id: owner.workspace_id, action_id: null, message: `message ${index + 1}` }));
  await api.database.db.insertInto('notifications').values(rows).execute();
});
afterAll(() => api.close());

const list = async (query = '', person = owner) =>
  (await api.call<Page>('GET', `/api/notifications${query}`, { token: person.token })).body;
const idsOf = ({ items }: Page) => items.map(({ id }) => id);
const newestFirst = () => [...ids].reverse();

test('notifications are listed newest first, page by page', async () => {
  const page = await list('?limit=2');
  expect(idsOf(page)).toEqual(newestFirst().slice(0, 2));
  expect(idsOf(await list(`?limit=2&cursor=${page.next_cursor}`))).toEqual(newestFirst().slice(2));
});

test('a notification that was read keeps its mark and is no longer unread', async () => {
  const path = `/api/notifications/${ids[1]}/read`;
  const first = await api.call<{ read_at: string }>('POST', path, { token: owner.token });
  expect(first.body.read_at).not.toBeNull();
  expect((await api.call('POST', path, { token: owner.token })).body).toEqual(first.body);
  expect(idsOf(await list('?unread=true'))).toEqual([ids[2], ids[0]]);
  expect(idsOf(await list('?unread=false'))).toEqual(newestFirst());
});

test('all are marked at once, for the member who asks alone', async () => {
  const member = await api.person('warehouse', owner.workspace_id);
  const readAll = (person: Person) => api.call<{ marked: number }>('POST', '/api/notifications/read-all', { token: person.token });
  await api.call('POST', `/api/notifications/${ids[0]}/read`, { token: owner.token });
  expect((await readAll(owner)).body).toEqual({ marked: 2 });
  expect((await readAll(owner)).body).toEqual({ marked: 0 });
  expect(idsOf(await list('?unread=true'))).toEqual([]);
  expect(idsOf(await list('?unread=true', member))).toEqual(newestFirst());
  expect((await readAll(member)).body).toEqual({ marked: 3 });
});

test('those of another workspace are not there', async () => {
  const stranger = await api.person();
  expect((await list('', stranger)).items).toEqual([]);
  expect((await api.call('POST', `/api/notifications/${ids[0]}/read`, { token: stranger.token })).status).toBe(404);
  expect(await api.database.db.selectFrom('notification_reads').selectAll().where('user_id', '=', stranger.user_id).execute()).toEqual([]);
});

test('a filter that is neither true nor false is named', async () => {
  const { status, body } = await api.call<{ errors: { field: string }[] }>('GET', '/api/notifications?unread=maybe', {
    token: owner.token,
  });
  expect([status, body.errors[0]?.field]).toEqual([422, 'unread']);
});
