import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { newId } from '../../db/ids.ts';
import { findSocialApp } from '../../db/social-app.repository.ts';
import { setVideoLike } from '../../db/video-like.repository.ts';
import { listVideosToRemove } from '../../db/video-sweep.repository.ts';
import { showVideo, wrongCounts } from '../helpers/account-world.ts';
import { appUser, socialApp, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface Decided {
  id: string;
  state: string;
  measure: string;
  decided_by: string | null;
  code: string;
  detail: string;
  errors: { field: string }[];
}
interface Standing {
  id: string;
  username: string;
  suspended_at: string | null;
  reason: string | null;
}

let api: TestApi;
let admin: Person;
let other: Person;
let ada: TestAppUser;
beforeAll(async () => {
  api = await createTestApi();
  await socialApp(api);
  const workspace_id = (await findSocialApp(api.deps.db))!;
  [admin, other] = await Promise.all([api.person('admin', workspace_id), api.person('owner', workspace_id)]);
  ada = await appUser(api);
});
afterAll(() => api.close());

const show = (author: TestAppUser, description = 'look') => showVideo(api.deps.db, api.deps.media, author, description);
const report = async (fields: { user_id: string } | { video_id: string }, by = ada): Promise<string> =>
  (await verb<{ Report: { id: string } }>(api, 'video_id' in fields ? 'reportVideo' : 'reportUser', { reason: 'spam', ...fields }, by.token)).msg.Report.id;
const decide = (id: string, body: object, { token } = admin) => api.call<Decided>('POST', `/social/reports/${id}/decide`, { token, body });
const REMOVE = { decision: 'upheld', measure: 'remove_video', reason: 'It shows a minor' };
const SUSPEND = { decision: 'upheld', measure: 'suspend_user', reason: 'Threats against others' };
const stored = (id: string) => api.deps.db.selectFrom('app_reports').select(['state', 'measure', 'decided_by']).where('id', '=', id).executeTakeFirstOrThrow();
const userOf = ({ id }: TestAppUser) => api.deps.db.selectFrom('app_users').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const told = async ({ id }: TestAppUser): Promise<string[]> =>
  (await api.deps.db.selectFrom('app_notifications').select('text').where('user_id', '=', id).where('kind', '=', 'system').execute()).map(({ text }) => text);
const isDeleted = async (video_id: string): Promise<boolean> => (await api.deps.db.selectFrom('videos').select('deleted_at').where('id', '=', video_id).executeTakeFirstOrThrow()).deleted_at !== null;

describe('A report that is upheld', () => {
  test('has the video removed as by its author, and its author told why, once', async () => {
    const bob = await appUser(api);
    const [video_id, stays] = [await show(bob, 'my #lamp'), await show(bob, 'another #lamp')];
    await setVideoLike(api.deps.db, { video_id, user_id: ada.id, liked: true });
    const id = await report({ video_id });
    expect(await decide(id, REMOVE)).toMatchObject({ status: 200, body: { id, state: 'upheld', measure: 'remove_video', decided_by: admin.user_id } });
    expect([await isDeleted(video_id), await isDeleted(stays)]).toEqual([true, false]);
    expect(await userOf(bob)).toMatchObject({ videos: 1, likes: 0, suspended_at: null });
    const hashtag = await sql<{ videos: number }>`select videos from hashtags where name = 'lamp'`.execute(api.deps.db);
    expect(hashtag.rows).toEqual([{ videos: 1 }]);
    const sounds = await sql<{ gone: boolean }>`select deleted_at is not null as gone from sounds where video_id in (${video_id}, ${stays}) order by video_id = ${stays}`.execute(api.deps.db);
    expect(sounds.rows).toEqual([{ gone: true }, { gone: false }]);
    expect(await wrongCounts(api.deps.db)).toEqual([]);
    expect(await listVideosToRemove(api.deps.db, 10)).toContainEqual({ id: video_id });
    const { msg } = await verb<{ Notifications: { Notification: { type: string; text: string; subject_id: string } }[] }>(api, 'showNotifications', {}, bob.token);
    expect(JSON.stringify(msg)).toContain('Your video was removed: It shows a minor');

    expect(await decide(id, REMOVE, other)).toMatchObject({ status: 200, body: { decided_by: admin.user_id } });
    for (const another of [{ decision: 'dismissed' }, { decision: 'upheld' }, SUSPEND])
      expect(await decide(id, another)).toMatchObject({ status: 409, body: { code: 'conflict', detail: 'it was upheld before, with the measure remove_video' } });
    expect([await told(bob), (await userOf(bob)).suspended_at]).toEqual([['Your video was removed: It shows a minor'], null]);
    expect(api.log()).toContain('"measure":"remove_video"');
    expect(api.log()).not.toContain('It shows a minor');
  });

  test('finds a video deleted already, and says nothing of it to its author', async () => {
    const bob = await appUser(api);
    const video_id = await show(bob);
    const [first, second] = [await report({ video_id }), await report({ video_id }, await appUser(api))];
    expect((await decide(first, REMOVE)).status).toBe(200);
    expect((await decide(second, REMOVE)).status).toBe(200);
    const own = await show(bob);
    const third = await report({ video_id: own });
    expect((await verb(api, 'deleteVideo', { video_id: own }, bob.token)).code).toBe(200);
    expect(await decide(third, REMOVE)).toMatchObject({ status: 200, body: { measure: 'remove_video' } });
    expect(await told(bob)).toHaveLength(1);
    expect(await wrongCounts(api.deps.db)).toEqual([]);
  });

  test('has who was reported suspended, or whose video was; a repeat after they were restored does not', async () => {
    const [bob, eve, gone] = await Promise.all([appUser(api), appUser(api), appUser(api)]);
    const [ofUser, ofVideo, ofGone] = [await report({ user_id: bob.id }), await report({ video_id: await show(eve) }), await report({ user_id: gone.id })];
    for (const [id, user] of [[ofUser, bob], [ofVideo, eve]] as const) {
      expect(await decide(id, SUSPEND)).toMatchObject({ status: 200, body: { measure: 'suspend_user' } });
      expect(await userOf(user)).toMatchObject({ suspended_at: expect.any(Date), suspension_reason: SUSPEND.reason });
    }
    expect((await api.call('POST', `/social/users/${bob.id}/restore`, { token: admin.token })).status).toBe(200);
    expect((await decide(ofUser, SUSPEND)).status).toBe(200);
    expect((await userOf(bob)).suspended_at).toBeNull();

    expect((await verb(api, 'deleteUserAccount', {}, gone.token)).code).toBe(200);
    expect((await decide(ofGone, SUSPEND)).status).toBe(200);
    expect((await userOf(gone)).suspended_at).toBeNull();
  });

  test('needs no measure, and then has none', async () => {
    const bob = await appUser(api);
    expect((await decide(await report({ video_id: await show(bob) }), { decision: 'upheld' })).body).toMatchObject({ state: 'upheld', measure: 'none' });
    expect([(await userOf(bob)).videos, (await userOf(bob)).suspended_at, await told(bob)]).toEqual([1, null, []]);
  });

  test.each([
    ['dismissed', { ...SUSPEND, decision: 'dismissed' }, 'measure'],
    ['without a reason', { ...SUSPEND, reason: undefined }, 'reason'],
    ['with an empty reason', { ...SUSPEND, reason: '  ' }, 'reason'],
    ['with a reason too long', { ...SUSPEND, reason: 'x'.repeat(501) }, 'reason'],
    ['with a measure that there is not', { ...SUSPEND, measure: 'fine' }, 'measure'],
    ['of a user, with a video to be removed', REMOVE, 'measure'],
  ])('%s stores nothing', async (_what, body, field) => {
    const bob = await appUser(api);
    const id = await report({ user_id: bob.id });
    expect(await decide(id, body)).toMatchObject({ status: 422, body: { code: 'validation_failed', errors: [{ field }] } });
    expect(await stored(id)).toEqual({ state: 'open', measure: 'none', decided_by: null });
    expect((await userOf(bob)).suspended_at).toBeNull();
  });

  test('by two at once is decided once: same or not, one measure holds, whole', async () => {
    for (const second of [REMOVE, REMOVE, SUSPEND, SUSPEND, { decision: 'dismissed' }]) {
      const bob = await appUser(api);
      const video_id = await show(bob, 'a #lamp');
      const id = await report({ video_id });
      const answers = await Promise.all([decide(id, REMOVE, admin), decide(id, second, other)]);
      const { state, measure } = await stored(id);
      expect(answers.map(({ status }) => status).sort()).toEqual(second === REMOVE ? [200, 200] : [200, 409]);
      for (const { status, body } of answers) if (status === 200) expect(body).toMatchObject({ state, measure });
      const isRemoved = measure === 'remove_video';
      expect([await isDeleted(video_id), await told(bob), (await userOf(bob)).suspended_at !== null]).toEqual([isRemoved, isRemoved ? [expect.stringContaining(REMOVE.reason)] : [], measure === 'suspend_user']);
    }
    expect(await wrongCounts(api.deps.db)).toEqual([]);
  });

  test('whose measure fails stays open', async () => {
    const bob = await appUser(api);
    const id = await report({ video_id: await show(bob) });
    await api.deps.pool.query(`alter table app_users add constraint broken check (suspension_reason is distinct from '${SUSPEND.reason}') not valid`);
    try {
      expect((await decide(id, SUSPEND)).status).toBe(500);
    } finally {
      await api.deps.pool.query('alter table app_users drop constraint broken');
    }
    expect(await stored(id)).toEqual({ state: 'open', measure: 'none', decided_by: null });
    expect((await decide(id, SUSPEND)).status).toBe(200);
  });
});

describe('Moderators', () => {
  const act = (what: 'suspend' | 'restore', id: string, { token } = admin, body: object | undefined = what === 'suspend' ? { reason: 'Spam' } : undefined) =>
    api.call<Standing & { code: string; errors: { field: string }[] }>('POST', `/social/users/${id}/${what}`, { token, body });
  const list = (query = '', { token } = admin) => api.call<{ items: Standing[]; next_cursor: string | null; errors: { field: string }[] }>('GET', `/social/users/suspended${query}`, { token });

  test('suspend and restore, and find who is suspended, the last ones first, page by page', async () => {
    for (const { id } of (await list()).body.items) await act('restore', id);
    const users = [await appUser(api), await appUser(api), await appUser(api), await appUser(api)] as const;
    for (const { id, username } of users) expect(await act('suspend', id)).toEqual(expect.objectContaining({ status: 200, body: { id, username, suspended_at: expect.any(String), reason: 'Spam' } }));
    const first = (await act('suspend', users[0].id, other, { reason: 'Something else' })).body;
    expect(first.reason).toBe('Spam');
    const pages: Standing[] = [];
    let cursor: string | null = null;
    do {
      const { body }: { body: Awaited<ReturnType<typeof list>>['body'] } = await list(`?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      pages.push(...body.items);
      cursor = body.next_cursor;
    } while (cursor);
    expect(pages.map(({ id }) => id)).toEqual(users.map(({ id }) => id).reverse());
    expect(pages.at(-1)).toEqual(first);

    expect((await act('restore', users[1].id)).body).toEqual({ id: users[1].id, username: users[1].username, suspended_at: null, reason: null });
    expect((await act('restore', users[1].id)).status).toBe(200);
    await api.deps.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', users[2].id).execute();
    expect((await list()).body.items.map(({ id }) => id)).toEqual([users[3].id, users[0].id]);
    expect([(await act('suspend', users[2].id)).status, (await act('restore', users[2].id)).status]).toEqual([404, 404]);
    expect(api.log()).toContain(`"app_user_id":"${users[0].id}"`);
  });

  test('of another workspace find nobody; members do nothing, and users of the app neither', async () => {
    const bob = await appUser(api);
    await act('suspend', bob.id);
    const [stranger, member] = [await api.person(), await api.person('member', admin.workspace_id)];
    expect((await list('', stranger)).body.items).toEqual([]);
    for (const what of ['suspend', 'restore'] as const) {
      expect((await act(what, bob.id, stranger)).status).toBe(404);
      expect((await act(what, bob.id, member)).status).toBe(403);
      expect((await act(what, bob.id, { ...admin, token: ada.token })).status).toBe(404);
      expect((await act(what, newId())).status).toBe(404);
      expect((await act(what, admin.user_id)).status).toBe(404);
    }
    expect((await userOf(bob)).suspended_at).not.toBeNull();
    expect((await list('', member)).status).toBe(403);
  });

  test('are told what is wrong with their input', async () => {
    expect((await act('suspend', ada.id, admin, { reason: ' ' })).body.errors).toMatchObject([{ field: 'reason' }]);
    expect((await act('suspend', ada.id, admin, {})).body.errors).toMatchObject([{ field: 'reason' }]);
    expect((await act('suspend', 'nobody')).body.errors).toMatchObject([{ field: 'id' }]);
    expect((await list('?cursor=abc')).body.errors).toMatchObject([{ field: 'cursor' }]);
    expect((await userOf(ada)).suspended_at).toBeNull();
  });
});
