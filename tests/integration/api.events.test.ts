import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newId } from '../../db/ids.ts';
import { comment, gift, insertEvents, like, type Place } from '../helpers/events.ts';
import { seedLivestream } from '../helpers/seed.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface View {
  id: string;
  type: string;
  position: number;
  [field: string]: unknown;
}
type Page = { items: View[]; next_cursor: string | null };

let api: TestApi;
let owner: Person;
let place: Place;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  owner = await api.person();
  place = {
    workspace_id: owner.workspace_id,
    livestream_id: await seedLivestream(api.database.db, owner.workspace_id, { status: 'live' }),
  };
});

const get = <T>(path: string) => api.call<T>('GET', path, { token: owner.token });
const list = (query: string) => get<Page>(`/api/livestreams/${place.livestream_id}/events?${query}`);
const positions = (page: Page) => page.items.map(({ position }) => position);

describe('the list of a livestream’s events', () => {
  test('pages through all of it in both directions, each event once', async () => {
    await insertEvents(
      api.database.db,
      place,
      Array.from({ length: 7 }, (_, index) => comment(`${index}`)),
    );
    for (const order of ['desc', 'asc'] as const) {
      const seen: number[] = [];
      let cursor = '';
      do {
        const { body } = await list(`limit=3&order=${order}${cursor}`);
        seen.push(...positions(body));
        cursor = body.next_cursor ? `&cursor=${body.next_cursor}` : '';
      } while (cursor);
      expect(seen).toEqual(order === 'asc' ? [1, 2, 3, 4, 5, 6, 7] : [7, 6, 5, 4, 3, 2, 1]);
    }
  });

  test('a cursor goes on in its own order, whatever order the request names', async () => {
    await insertEvents(
      api.database.db,
      place,
      Array.from({ length: 4 }, (_, index) => comment(`${index}`)),
    );
    const { body } = await list('limit=2&order=asc');
    expect(positions((await list(`limit=2&order=desc&cursor=${body.next_cursor}`)).body)).toEqual([3, 4]);
  });

  test('newest first without an order, and new events do not shift a page', async () => {
    await insertEvents(api.database.db, place, [comment('a'), comment('b'), comment('c')]);
    const first = await list('limit=2');
    expect(positions(first.body)).toEqual([3, 2]);
    await insertEvents(api.database.db, place, [comment('d')]);
    expect(positions((await list(`limit=2&cursor=${first.body.next_cursor}`)).body)).toEqual([1]);
  });

  test('filters by one or more types', async () => {
    await insertEvents(api.database.db, place, [comment('a'), gift(5), like(3), comment('b'), gift(9)]);
    expect(positions((await list('type=gift')).body)).toEqual([5, 2]);
    expect(positions((await list('type=gift,like&order=asc')).body)).toEqual([2, 3, 5]);
    expect((await list('type=party')).status).toBe(422);
  });

  test('an event has its fields flat beside those that all have', async () => {
    await insertEvents(api.database.db, place, [
      gift(30, { received_at: new Date('2026-01-31T20:15:00.120Z'), occurred_at: new Date('2026-01-31T20:15:00Z') }),
    ]);
    const { items } = (await list('')).body;
    expect(items[0]).toEqual({
      id: expect.any(String),
      type: 'gift',
      livestream_id: place.livestream_id,
      msg_id: expect.any(String),
      position: 1,
      occurred_at: '2026-01-31T20:15:00.000Z',
      received_at: '2026-01-31T20:15:00.120Z',
      is_history: false,
      user_id: '1',
      username: 'ann',
      nickname: 'Ann',
      avatar_url: null,
      gift_id: '5655',
      gift_name: 'Rose',
      diamond_count: 30,
      repeat_count: 1,
      total_diamonds: 30,
      streak_id: null,
      streak_status: 'single',
      increment: 1,
      increment_diamonds: 30,
    });
    expect((await get<View>(`/api/events/${items[0]!.id}`)).body).toEqual(items[0]);
  });

  test('an event of another workspace is not there', async () => {
    const { ids } = await insertEvents(api.database.db, place, [comment('a')]);
    const stranger = await api.person();
    for (const path of [`/api/events/${ids[0]}`, `/api/events/${ids[0]}/explain`, `/api/events/${newId()}`]) {
      expect([path, (await api.call('GET', path, { token: stranger.token })).status]).toEqual([path, 404]);
    }
  });
});

describe('the report', () => {
  interface Report {
    duration_s: number;
    connected_s: number;
    by_minute: { items: { minute: string; [counter: string]: unknown }[] };
    top_gifters: object[];
    top_commenters: object[];
    gaps: { [field: string]: unknown; missed: object; recovered: Record<string, number> }[];
    connections: object[];
    decode_failures: number;
    dropped_events: number;
  }
  const at = (time: string) => new Date(`2026-01-31T${time}Z`);
  const report = (query = '') => get<Report>(`/api/livestreams/${place.livestream_id}/report?${query}`);
  const connection = (connected_at: Date, disconnected_at: Date | null, totals: [object, object], over: object = {}) =>
    api.database.db
      .insertInto('livestream_connections')
      .values({
        id: newId(),
        livestream_id: place.livestream_id,
        connected_at,
        disconnected_at,
        reason: disconnected_at && 'close code 1006',
        totals_at_start: JSON.stringify(totals[0]),
        totals_at_end: JSON.stringify(totals[1]),
        ...over,
      })
      .execute();

  test('counts each minute by what events add, not by how many there are', async () => {
    await insertEvents(api.database.db, place, [
      comment('a', { received_at: at('20:00:10') }),
      like(15, { received_at: at('20:00:20') }),
      gift(10, { received_at: at('20:01:01'), data: { increment: 2, repeat_count: 2, streak_status: 'running' } }),
      gift(10, { received_at: at('20:01:02'), data: { increment: 3, repeat_count: 5, streak_status: 'ended' } }),
    ]);
    const { items } = (await report('from=2026-01-31T19:00:00Z')).body.by_minute;
    const nothing = { comments: 0, gifts: 0, diamonds: 0, likes: 0, joins: 0, follows: 0, shares: 0 };
    expect(items).toEqual([
      { ...nothing, minute: '2026-01-31T20:00:00.000Z', events: 2, comments: 1, likes: 15 },
      { ...nothing, minute: '2026-01-31T20:01:00.000Z', events: 2, gifts: 5, diamonds: 50 },
    ]);
    expect((await report('from=2026-01-31T19:00:00Z&to=2026-02-02T19:00:00Z')).status).toBe(422);
  });

  test('ranks people by diamonds and by comments, with the name they have now', async () => {
    const bo = { user_id: '2', data: { username: 'bo', nickname: 'Bo' } };
    await insertEvents(api.database.db, place, [
      gift(100, { data: { increment: 1 } }),
      gift(100, { data: { increment: 0 } }),
      gift(30, bo),
      gift(90, { user_id: '2', data: { username: 'bo', nickname: 'Bo II' } }),
      comment('x', bo),
      comment('y', bo),
      comment('z'),
    ]);
    const { top_gifters, top_commenters } = (await report('top=5')).body;
    expect(top_gifters).toEqual([
      { user_id: '2', username: 'bo', nickname: 'Bo II', diamonds: 120, gifts: 2 },
      { user_id: '1', username: 'ann', nickname: 'Ann', diamonds: 100, gifts: 1 },
    ]);
    expect(top_commenters).toEqual([
      { user_id: '2', username: 'bo', nickname: 'Bo', comments: 2 },
      { user_id: '1', username: 'ann', nickname: 'Ann', comments: 1 },
    ]);
  });

  test('a gap tells what TikTok’s totals grew by, less what was replayed', async () => {
    await connection(at('20:00:00'), at('20:10:00'), [{ likes: 0 }, { likes: 1_000, followers: 50 }], { decode_failures: 2 });
    await connection(at('20:12:00'), at('20:20:00'), [{ likes: 1_500, followers: 57 }, { likes: 1_600 }], { dropped_events: 7 });
    await connection(at('20:20:30'), at('20:30:00'), [{ likes: 1_590 }, {}]);
    await api.database.db
      .updateTable('livestreams')
      .set({ status: 'ended', ended_at: at('20:30:00.5') })
      .where('id', '=', place.livestream_id)
      .execute();
    await insertEvents(api.database.db, place, [
      like(40, { occurred_at: at('20:09:59'), received_at: at('20:09:59') }),
      like(120, { occurred_at: at('20:11:00'), received_at: at('20:12:01'), is_history: true }),
      comment('back', { occurred_at: at('20:11:30'), received_at: at('20:12:01'), is_history: true }),
      like(5, { occurred_at: at('20:13:00'), received_at: at('20:13:00') }),
    ]);
    const { body } = await report();
    expect(body).toMatchObject({ duration_s: 1_800.5, connected_s: 600 + 480 + 570, decode_failures: 2, dropped_events: 7 });
    expect(body.connections).toHaveLength(3);
    expect(body.gaps).toEqual([
      {
        from: '2026-01-31T20:10:00.000Z',
        to: '2026-01-31T20:12:00.000Z',
        duration_s: 120,
        ongoing: false,
        reason: 'close code 1006',
        recovered: { comments: 1, gifts: 0, likes: 120, joins: 0, follows: 0, shares: 0 },
        missed: { likes: 380, follows: 7, shares: null },
      },
      expect.objectContaining({ duration_s: 30, missed: { likes: 0, follows: null, shares: null } }),
    ]);
  });

  test('while a reconnect is under way the gap is open', async () => {
    await connection(at('20:00:00'), at('20:10:00'), [{}, {}]);
    await api.database.db.updateTable('livestreams').set({ status: 'reconnecting' }).where('id', '=', place.livestream_id).execute();
    expect((await report()).body.gaps).toEqual([expect.objectContaining({ from: '2026-01-31T20:10:00.000Z', ongoing: true })]);
  });

  test('a livestream that never connected has an empty report', async () => {
    expect((await report()).body).toMatchObject({ started_at: null, duration_s: 0, gaps: [], connections: [], top_gifters: [] });
  });
});
