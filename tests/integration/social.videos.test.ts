import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { sql } from 'kysely';
import { newId } from '../../db/ids.ts';
import { setVideoLike } from '../../db/video-like.repository.ts';
import { deleteVideo, publishVideo } from '../../db/video-life.repository.ts';
import { countView } from '../../db/video-view-count.repository.ts';
import { readyVideo } from '../helpers/app-video-world.ts';
import { eventually } from '../helpers/eventually.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

jest.setTimeout(120_000);

let api: TestApi;
let author: TestAppUser;
let viewer: TestAppUser;
beforeAll(async () => {
  api = await createTestApi();
  author = await appUser(api);
  viewer = await appUser(api);
});
afterAll(() => api.close());

const db = () => api.deps.db;
const rowOf = (id: string) => db().selectFrom('videos').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const userOf = (id: string) => db().selectFrom('app_users').select(['videos', 'likes']).where('id', '=', id).executeTakeFirstOrThrow();
const daysOf = (id: string) => db().selectFrom('video_days').selectAll().where('video_id', '=', id).execute();
const noticesOf = (user: TestAppUser, video_id: string) => db().selectFrom('app_notifications').select(['kind', 'sender_id']).where('user_id', '=', user.id).where('video_id', '=', video_id).orderBy('kind').execute();
const people = (count: number) => Promise.all(Array.from({ length: count }, () => appUser(api)));
const block = (user_id: string, blocked_id: string) => db().insertInto('blocks').values({ user_id, blocked_id }).execute();
const befriend = (a: string, b: string) => db().insertInto('follows').values([{ follower_id: a, followee_id: b, state: 'accepted' }, { follower_id: b, followee_id: a, state: 'accepted' }]).execute();

/** All figures of a video against the rows that they count. */
async function expectExact(id: string): Promise<void> {
  const count = async (table: 'video_likes' | 'video_comments' | 'video_views') => {
    const { n } = await db().selectFrom(table).select((eb) => eb.fn.countAll<number>().as('n')).where('video_id', '=', id).$if(table === 'video_comments', (query) => query.where('deleted_at' as never, 'is', null)).executeTakeFirstOrThrow();
    return Number(n);
  };
  const [video, days] = [await rowOf(id), await daysOf(id)];
  const sum = (name: 'likes' | 'comments' | 'views' | 'watch_ms' | 'shares') => days.reduce((total, day) => total + Number(day[name]), 0);
  const { watched } = await db().selectFrom('video_views').select((eb) => eb.fn.coalesce(eb.fn.sum<number>('watch_ms'), eb.lit(0)).as('watched')).where('video_id', '=', id).executeTakeFirstOrThrow();
  expect({ likes: video.likes, comments: video.comments, views: video.views, watch_ms: video.watch_ms }).toEqual({ likes: await count('video_likes'), comments: await count('video_comments'), views: await count('video_views'), watch_ms: Number(watched) });
  expect({ likes: sum('likes'), comments: sum('comments'), views: sum('views'), watch_ms: sum('watch_ms'), shares: sum('shares') }).toEqual({ likes: video.likes, comments: video.comments, views: video.views, watch_ms: video.watch_ms, shares: video.shares });
}

describe('likeVideo', () => {
  test('counts once, tells its author once, and takes it back', async () => {
    const id = await readyVideo(api, author);
    const before = await userOf(author.id);
    const like = async (value?: string) => (await verb<{ Video: object }>(api, 'likeVideo', { video_id: id, ...(value !== undefined && { like: value }) }, viewer.token)).msg.Video;
    expect(await like()).toEqual({ id, like: '1', like_count: '1' });
    expect(await like('1')).toEqual({ id, like: '1', like_count: '1' });
    expect((await verb<{ Video: { like: string } }>(api, 'showVideoDetail', { video_id: id }, viewer.token)).msg.Video.like).toBe('1');
    expect((await userOf(author.id)).likes).toBe(before.likes + 1);
    expect(await like('0')).toEqual({ id, like: '0', like_count: '0' });
    expect(await like('0')).toEqual({ id, like: '0', like_count: '0' });
    expect(await like()).toEqual({ id, like: '1', like_count: '1' });
    expect(await noticesOf(author, id)).toEqual([{ kind: 'like', sender_id: viewer.id }]);
    await verb(api, 'likeVideo', { video_id: id }, author.token);
    expect(await noticesOf(author, id)).toHaveLength(1);
    await expectExact(id);
  });

  test('taken back while it is being stored waits for that, and is taken back', async () => {
    const id = await readyVideo(api, author);
    const [fan] = await people(1);
    const back = await db().transaction().execute(async (trx) => {
      await trx.selectFrom('videos').select('id').where('id', '=', id).forNoKeyUpdate().execute();
      await trx.insertInto('video_likes').values({ video_id: id, user_id: fan!.id }).execute();
      await trx.updateTable('videos').set({ likes: 1 }).where('id', '=', id).execute();
      const taken = setVideoLike(db(), { video_id: id, user_id: fan!.id, liked: false });
      await eventually(async () => (await api.deps.pool.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).rows.length > 0);
      return { taken };
    });
    expect(await back.taken).toEqual({ changed: true, likes: 0 });
    expect(await db().selectFrom('video_likes').select('user_id').where('video_id', '=', id).execute()).toEqual([]);
  });

  test('200 at once, mixed with as many that are taken back: the figures are the rows', async () => {
    const [one, other] = [await readyVideo(api, author), await readyVideo(api, author)];
    const fans = await people(40);
    const before = await userOf(author.id);
    const calls = Array.from({ length: 400 }, (_, index) => setVideoLike(db(), { video_id: index % 2 ? one : other, user_id: fans[(index * 7) % fans.length]!.id, liked: index % 3 !== 0 }));
    const answers = await Promise.all(calls);
    expect(answers).not.toContain(null);
    await expectExact(one);
    await expectExact(other);
    expect((await userOf(author.id)).likes).toBe(before.likes + (await rowOf(one)).likes + (await rowOf(other)).likes);
    expect((await rowOf(one)).likes).toBeGreaterThan(0);
  });

  test('of people who like one another’s videos while these are deleted: nobody waits for ever, all figures are right', async () => {
    const crowd = await people(8);
    const videos = await Promise.all(crowd.flatMap((person) => [readyVideo(api, person), readyVideo(api, person)]));
    const likes = crowd.flatMap((person) => videos.map((video_id) => () => setVideoLike(db(), { video_id, user_id: person.id, liked: true })));
    const deletions = videos.filter((_id, index) => index % 2 === 0).map((id, index) => () => deleteVideo(db(), { workspace_id: crowd[index]!.row.workspace_id, user_id: crowd[index]!.id, id }));
    await Promise.all([...likes, ...deletions].map((run) => run()));
    for (const [index, person] of crowd.entries()) {
      const left = await rowOf(videos[index * 2 + 1]!);
      expect(await userOf(person.id)).toEqual({ videos: 1, likes: left.likes });
      await expectExact(left.id);
    }
  });

  test('of what is not there, not ready, or not for them is refused', async () => {
    const [secret, unready] = [await readyVideo(api, author, { privacy: 'private' }), await readyVideo(api, author, { status: 'processing' })];
    for (const video_id of [secret, unready, newId()]) expect(await verb(api, 'likeVideo', { video_id }, viewer.token)).toMatchObject({ code: 201 });
    expect(await verb(api, 'likeVideo', { video_id: 'x' }, viewer.token)).toMatchObject({ code: 201, msg: 'video_id: must be an id' });
    expect(await verb(api, 'likeVideo', { video_id: secret }, author.token)).toMatchObject({ code: 200 });
    expect(await setVideoLike(db(), { video_id: unready, user_id: viewer.id, liked: true })).toBeNull();
  });
});

describe('watchVideo', () => {
  const watch = (video_id: string, view_id: string, watch_ms: number | string, token?: string) => verb<{ Video: { view: string } }>(api, 'watchVideo', { video_id, view_id, watch_ms }, token);

  test('counts a view once, and its time as far as it grows', async () => {
    const id = await readyVideo(api, author);
    expect((await watch(id, 'view-0001', 1_000, viewer.token)).msg.Video).toEqual({ id, view: '1' });
    for (const ms of [4_000, '2500', 4_000]) expect((await watch(id, 'view-0001', ms, viewer.token)).msg.Video.view).toBe('1');
    expect((await watch(id, 'view-0002', 500)).msg.Video.view).toBe('2');
    expect(await rowOf(id)).toMatchObject({ views: 2, watch_ms: 4_500 });
    // At most 10 times its 10 s.
    await watch(id, 'view-0003', 9_999_999, viewer.token);
    expect(await rowOf(id)).toMatchObject({ views: 3, watch_ms: 104_500 });
    await expectExact(id);
  });

  test('told 200 times at once with ever more time, it counts once, and the most', async () => {
    const id = await readyVideo(api, author);
    const told = Array.from({ length: 200 }, (_, index) => countView(db(), { video_id: id, view_id: `view-${index % 4}`, user_id: viewer.id, watch_ms: 1_000 + index }));
    await Promise.all(told);
    expect(await rowOf(id)).toMatchObject({ views: 4, watch_ms: 1_196 + 1_197 + 1_198 + 1_199 });
    await expectExact(id);
  });

  test('refuses what is no time, and what is not to be seen', async () => {
    const id = await readyVideo(api, author, { privacy: 'private' });
    expect(await watch(id, 'view-0001', 100, viewer.token)).toMatchObject({ code: 201 });
    const open = await readyVideo(api, author);
    for (const ms of [-1, 1.5, 'long', 1e12]) expect(await watch(open, 'view-0001', ms)).toMatchObject({ code: 201, msg: expect.stringContaining('watch_ms') });
    expect(await watch(open, 'x', 1)).toMatchObject({ code: 201, msg: expect.stringContaining('view_id') });
    expect((await rowOf(open)).views).toBe(0);
  });
});

test('shareVideo counts each time', async () => {
  const id = await readyVideo(api, author);
  await Promise.all(Array.from({ length: 20 }, () => verb(api, 'shareVideo', { video_id: id }, viewer.token)));
  expect((await verb<{ Video: object }>(api, 'shareVideo', { video_id: id }, viewer.token)).msg.Video).toEqual({ id, share_count: '21' });
  await expectExact(id);
});

describe('showVideoAnalytics', () => {
  test('tells its author, and nobody else, how it does: in all, and by day', async () => {
    const id = await readyVideo(api, author);
    await verb(api, 'likeVideo', { video_id: id }, viewer.token);
    await verb(api, 'watchVideo', { video_id: id, view_id: 'view-0001', watch_ms: 3_000 }, viewer.token);
    await verb(api, 'watchVideo', { video_id: id, view_id: 'view-0002', watch_ms: 1_000 }, viewer.token);
    await verb(api, 'postCommentOnVideo', { video_id: id, comment: 'Nice' }, viewer.token);
    await verb(api, 'shareVideo', { video_id: id }, viewer.token);
    const { code, msg } = await verb<{ Totals: object; Days: { day: string }[] }>(api, 'showVideoAnalytics', { video_id: id, days: '3' }, author.token);
    const figures = { view: '2', watch_ms: '4000', like_count: '1', comment_count: '1', share_count: '1' };
    expect([code, msg]).toEqual([200, { Video: { id }, Totals: { ...figures, average_watch_ms: '2000' }, Days: expect.any(Array) }]);
    const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    const none = { view: '0', watch_ms: '0', like_count: '0', comment_count: '0', share_count: '0' };
    expect(msg.Days).toEqual([{ day: day(2), ...none }, { day: day(1), ...none }, { day: day(0), ...figures }]);
    expect(await verb(api, 'showVideoAnalytics', { video_id: id }, viewer.token)).toMatchObject({ code: 201 });
    expect(await verb(api, 'showVideoAnalytics', { video_id: id, days: 91 }, author.token)).toMatchObject({ code: 201, msg: expect.stringContaining('days') });
  });

  test('a like that is taken back is taken off the day on which it was given', async () => {
    const id = await readyVideo(api, author);
    await verb(api, 'likeVideo', { video_id: id }, viewer.token);
    await db().updateTable('video_likes').set({ created_at: new Date('2026-01-02T23:30:00Z') }).where('video_id', '=', id).execute();
    await db().updateTable('video_days').set({ day: '2026-01-02' } as never).where('video_id', '=', id).execute();
    await verb(api, 'likeVideo', { video_id: id, like: 0 }, viewer.token);
    expect(await daysOf(id)).toMatchObject([{ likes: 0 }]);
  });
});

describe('deleteVideo', () => {
  test('takes it out of sight and out of all figures, once', async () => {
    const owner = await appUser(api);
    const id = await readyVideo(api, owner);
    await Promise.all((await people(5)).map((fan) => verb(api, 'likeVideo', { video_id: id }, fan.token)));
    expect(await userOf(owner.id)).toEqual({ videos: 1, likes: 5 });
    expect(await verb(api, 'deleteVideo', { video_id: id }, viewer.token)).toMatchObject({ code: 201 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => verb(api, 'deleteVideo', { video_id: id }, owner.token)));
    expect(answers.map(({ code }) => code).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 201)]);
    expect(await userOf(owner.id)).toEqual({ videos: 0, likes: 0 });
    expect(await verb(api, 'showVideoDetail', { video_id: id }, owner.token)).toMatchObject({ code: 201 });
  });

  test('of one that is still made is no fault', async () => {
    const owner = await appUser(api);
    const id = await readyVideo(api, owner, { status: 'processing', playlist_key: null });
    expect(await verb(api, 'deleteVideo', { video_id: id }, owner.token)).toMatchObject({ code: 200, msg: { Video: { id } } });
    expect((await userOf(owner.id)).videos).toBe(1);
  });
});

test('Publishing and deleting many videos with the same hashtags and sounds at once: nobody waits for ever, all counts are the rows', async () => {
  const makers = await people(4);
  const workspace_id = makers[0]!.row.workspace_id;
  const sounds = await Promise.all([1, 2].map(async () => {
    const id = newId();
    await db().insertInto('sounds').values({ id, workspace_id, name: 'Tune', created_by: null }).execute();
    return id;
  }));
  const tags = ['#one', '#two', '#three', '#four', '#five'];
  const videos = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const maker = makers[index % makers.length]!;
      const description = tags.map((_tag, place) => tags[(place * (1 + (index % 4)) + index) % tags.length]).join(' ');
      const id = newId();
      const row = { id, workspace_id, user_id: maker.id, status: 'processing' as const, privacy: index % 5 === 0 ? ('private' as const) : ('public' as const), playlist_key: 'x', description, sound_id: index % 3 === 2 ? null : sounds[index % 2]! };
      await db().insertInto('videos').values(row).execute();
      return row;
    }),
  );
  const publish = (id: string) => publishVideo(db(), id, { hasSound: true, soundKeyOf: (sound) => `sounds/${sound}` });
  const remove = ({ id, user_id }: { id: string; user_id: string }) => deleteVideo(db(), { workspace_id, user_id, id });
  await Promise.all(videos.slice(0, 40).map(({ id }) => publish(id)));
  const answers = await Promise.all([...videos.slice(20).flatMap(({ id }) => [publish(id), publish(id)]), ...videos.slice(0, 50).flatMap((video) => [remove(video), remove(video)])]);
  expect(answers.filter((answer) => answer === true)).toHaveLength(50);

  const { rows: wrong } = await sql`
    select h.name from hashtags h where h.videos <> (select count(*) from video_hashtags t join videos v on v.id = t.video_id where t.hashtag_id = h.id and v.status = 'ready' and v.deleted_at is null and v.privacy = 'public')
    union all select s.name from sounds s where s.videos <> (select count(*) from videos v where v.sound_id = s.id and v.status = 'ready' and v.deleted_at is null and v.privacy = 'public')
    union all select s.name from sounds s where s.video_id is not null and (s.deleted_at is null) <> exists (select from videos v where v.sound_id = s.id and v.deleted_at is null)`.execute(db());
  expect(wrong).toEqual([]);
  for (const { id } of makers) {
    const { n } = await db().selectFrom('videos').select((eb) => eb.fn.countAll<number>().as('n')).where('user_id', '=', id).where('status', '=', 'ready').where('deleted_at', 'is', null).executeTakeFirstOrThrow();
    expect((await userOf(id)).videos).toBe(Number(n));
  }
  expect((await db().selectFrom('videos').select('id').where('id', 'in', videos.slice(50).map(({ id }) => id)).where('status', '=', 'ready').where('deleted_at', 'is', null).execute()).length).toBe(10);
});

test('A video whose sound was taken out of the catalogue meanwhile, and that has none itself, is deleted as any other', async () => {
  const sound_id = newId();
  const workspace_id = author.row.workspace_id;
  await db().insertInto('sounds').values({ id: sound_id, workspace_id, name: 'Gone', created_by: null, deleted_at: new Date() }).execute();
  const id = newId();
  await db().insertInto('videos').values({ id, workspace_id, user_id: author.id, status: 'processing', privacy: 'public', playlist_key: 'x', sound_id }).execute();
  expect(await publishVideo(db(), id, { hasSound: false, soundKeyOf: (sound) => sound })).toMatchObject({ status: 'ready' });
  expect((await rowOf(id)).sound_id).toBeNull();
  expect(await verb(api, 'deleteVideo', { video_id: id }, author.token)).toMatchObject({ code: 200 });
});

interface Comments {
  Comments: { VideoComment: { id: string; comment: string; like: string; like_count: string; reply_count: string; parent_id: string }; User: { id: string; username: string } }[];
  next: string;
}
interface Posted {
  VideoComment: { id: string; comment: string; parent_id: string };
}
const post = (video_id: string, comment: unknown, user: TestAppUser, parent_id?: string) => verb<Posted & string>(api, 'postCommentOnVideo', { video_id, comment, ...(parent_id && { parent_id }) }, user.token);
const posted = async (...args: Parameters<typeof post>): Promise<string> => (await post(...args)).msg.VideoComment.id;
const comments = async (video_id: string, user: TestAppUser | null, more: object = {}) => (await verb<Comments>(api, 'showVideoComments', { video_id, ...more }, user?.token)).msg;
const words = (list: Comments) => list.Comments.map(({ VideoComment }) => VideoComment.comment);

describe('Comments', () => {
  test('are shown newest first with what the viewer likes; answers are counted, and shown oldest first', async () => {
    const id = await readyVideo(api, author);
    const first = await posted(id, ' first 👍 ', viewer);
    await posted(id, 'second', author);
    const answer = await posted(id, 'answer', author, first);
    await posted(id, 'another', viewer, first);
    await verb(api, 'likeComment', { comment_id: first }, author.token);
    const list = await comments(id, author);
    expect(words(list)).toEqual(['second', 'first 👍']);
    expect(list).toMatchObject({ next: '', Comments: [{}, { VideoComment: { like: '1', like_count: '1', reply_count: '2', parent_id: '' }, User: { id: viewer.id } }] });
    expect(words(await comments(id, null, { parent_id: first }))).toEqual(['answer', 'another']);
    expect(await post(id, 'deeper', viewer, answer)).toMatchObject({ code: 201, msg: expect.stringContaining('answer the comment above it') });
    expect((await rowOf(id)).comments).toBe(4);
    await expectExact(id);
  });

  test('come page by page, each once, while new ones come in', async () => {
    const id = await readyVideo(api, author);
    for (let index = 0; index < 45; index += 1) await db().insertInto('video_comments').values({ id: newId(), video_id: id, user_id: viewer.id, comment: `c${index}` }).execute();
    const seen: string[] = [];
    let cursor = '0';
    do {
      const page: Comments = await comments(id, null, { cursor });
      seen.push(...words(page));
      await db().insertInto('video_comments').values({ id: newId(), video_id: id, user_id: viewer.id, comment: 'new' }).execute();
      cursor = page.next;
    } while (cursor !== '');
    expect(seen).toEqual(Array.from({ length: 45 }, (_, index) => `c${44 - index}`));
    expect(words(await comments(id, null, { starting_point: '1' }))).toHaveLength(20);
    expect(words(await comments(id, null, { starting_point: '9' }))).toEqual([]);
  });

  test.each([
    ['nothing', '', 201],
    ['blanks', '   ', 201],
    ['501 letters', 'x'.repeat(501), 201],
    ['500 emojis', '👍'.repeat(500), 200],
    ['a letter', 'x', 200],
  ])('of %s', async (_what, comment, code) => {
    const id = await readyVideo(api, author);
    expect((await post(id, comment, viewer)).code).toBe(code);
  });

  test('tell the author, whoever is answered and whoever is mentioned, each once, and nobody who may not see it', async () => {
    const [ada, bob, eve] = (await people(3)) as [TestAppUser, TestAppUser, TestAppUser];
    const id = await readyVideo(api, author);
    const first = await posted(id, `Look, @${bob.username} @${bob.username.toUpperCase()} @${viewer.username} @nobody`, viewer);
    expect(await noticesOf(author, id)).toEqual([{ kind: 'comment', sender_id: viewer.id }]);
    expect(await noticesOf(bob, id)).toEqual([{ kind: 'mention', sender_id: viewer.id }]);
    expect(await noticesOf(viewer, id)).toEqual([]);
    await posted(id, `Yes @${author.username}`, ada, first);
    expect(await noticesOf(viewer, id)).toEqual([{ kind: 'comment', sender_id: ada.id }]);
    expect(await noticesOf(author, id)).toEqual([{ kind: 'comment', sender_id: viewer.id }, { kind: 'mention', sender_id: ada.id }]);

    const closed = await readyVideo(api, author, { privacy: 'friends' });
    await befriend(author.id, ada.id);
    await block(eve.id, ada.id);
    await posted(closed, `@${eve.username} @${bob.username}`, ada);
    expect([await noticesOf(eve, closed), await noticesOf(bob, closed)]).toEqual([[], []]);
    await posted(id, `@${eve.username}`, ada);
    expect(await noticesOf(eve, id)).toEqual([]);
  });

  test('are off where the author, or the video, says so', async () => {
    const owner = await appUser(api, { privacy: JSON.stringify({ video_comment: 'friends' }) });
    const [id, silent] = [await readyVideo(api, owner), await readyVideo(api, owner, { allow_comments: false })];
    const friend = await appUser(api);
    await befriend(owner.id, friend.id);
    expect([await post(id, 'x', viewer), await post(id, 'x', friend), await post(id, 'x', owner)].map(({ code }) => code)).toEqual([201, 200, 200]);
    expect([await post(silent, 'x', friend), await post(silent, 'x', owner)].map(({ code }) => code)).toEqual([201, 201]);
  });

  test('of blocked and deleted users are hidden, and those of others from them', async () => {
    const [ada, bob, gone] = (await people(3)) as [TestAppUser, TestAppUser, TestAppUser];
    const id = await readyVideo(api, author);
    const first = await posted(id, 'of ada', ada);
    await posted(id, 'of bob', bob);
    await posted(id, 'of gone', gone);
    await posted(id, 'answer of bob', bob, first);
    await block(ada.id, bob.id);
    await db().updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', gone.id).execute();
    expect(words(await comments(id, ada))).toEqual(['of ada']);
    expect((await comments(id, ada)).Comments[0]).toMatchObject({ VideoComment: { reply_count: '0' } });
    expect(words(await comments(id, bob))).toEqual(['of bob']);
    expect(words(await comments(id, null))).toEqual(['of bob', 'of ada']);
    expect(await post(id, 'answer', bob, first)).toMatchObject({ code: 201 });
    expect(await verb(api, 'likeComment', { comment_id: first }, bob.token)).toMatchObject({ code: 201 });
    await block(author.id, bob.id);
    expect(await verb(api, 'showVideoComments', { video_id: id }, bob.token)).toMatchObject({ code: 201 });
    expect(await post(id, 'x', bob)).toMatchObject({ code: 201 });
  });

  test('are deleted with their answers by who wrote them, or whose video it is, and by nobody else', async () => {
    const id = await readyVideo(api, author);
    const first = await posted(id, 'first', viewer);
    await posted(id, 'answer', author, first);
    const second = await posted(id, 'second', viewer);
    const remove = (comment_id: string, user: TestAppUser) => verb(api, 'deleteComment', { comment_id }, user.token);
    expect(await remove(first, await appUser(api))).toMatchObject({ code: 201 });
    expect(await remove(first, viewer)).toMatchObject({ code: 200, msg: { VideoComment: { id: first } } });
    expect(await remove(first, viewer)).toMatchObject({ code: 201 });
    expect(words(await comments(id, null))).toEqual(['second']);
    expect(await remove(second, author)).toMatchObject({ code: 200 });
    expect((await rowOf(id)).comments).toBe(0);
    expect(await post(id, 'to nothing', viewer, first)).toMatchObject({ code: 201 });
    await expectExact(id);
  });

  test('and their likes are exact while all of them are written, liked and deleted at once', async () => {
    const id = await readyVideo(api, author);
    const crowd = await people(10);
    const parent = await posted(id, 'parent', viewer);
    await Promise.all([
      ...crowd.flatMap((person) => [post(id, `a @${viewer.username}`, person), post(id, 'b', person, parent), verb(api, 'likeVideo', { video_id: id }, person.token)]),
      ...crowd.flatMap((person) => ['1', '0', '1'].map((like) => verb(api, 'likeComment', { comment_id: parent, like }, person.token))),
      verb(api, 'deleteComment', { comment_id: parent }, viewer.token),
    ]);
    await expectExact(id);
    const { likes } = await db().selectFrom('video_comments').select('likes').where('id', '=', parent).executeTakeFirstOrThrow();
    expect(await db().selectFrom('comment_likes').selectAll().where('comment_id', '=', parent).execute()).toHaveLength(likes);
    const orphans = await db().selectFrom('video_comments').select('id').where('parent_id', '=', parent).where('deleted_at', 'is', null).execute();
    expect(orphans).toEqual([]);
  });
});
