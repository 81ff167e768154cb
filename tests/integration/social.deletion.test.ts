import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import { sql } from 'kysely';
import { askDeletion } from '../../db/app-deletion.repository.ts';
import { walletOf } from '../../db/coin-ledger.repository.ts';
import { accountDeletionWorkflowId, broadcastWorkflowId } from '../../domain/names.ts';
import { createAccountWorld, createLife, giveCoins, showVideo, wrongCounts, type AccountWorld, type Life } from '../helpers/account-world.ts';
import { eventually } from '../helpers/eventually.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';

let world: AccountWorld;
beforeAll(async () => {
  world = await createAccountWorld();
});
afterAll(() => world.close());

const ask = ({ token }: TestAppUser) => verb(world.api, 'deleteUserAccount', {}, token);
const count = async (table: string, where: ReturnType<typeof sql>): Promise<number> => (await sql<{ n: number }>`select count(*) as n from ${sql.table(table)} where ${where}`.execute(world.api.deps.db)).rows[0]!.n;
const record = (id: string) => world.api.deps.db.selectFrom('account_deletions').selectAll().where('user_id', '=', id).executeTakeFirst();

/** Nothing of ada is left, and everything of the others is. */
async function expectGone({ ada, bob, eve, video_id, other_video_id, conversation_id, stream_id, vod_id, files }: Life): Promise<void> {
  const { db, media } = world.api.deps;
  const row = await db.selectFrom('app_users').selectAll().where('id', '=', ada.id).executeTakeFirstOrThrow();
  expect(row).toMatchObject({ first_name: '', last_name: '', email: null, bio: '', website: '', followers: 0, following: 0, videos: 0, likes: 0, push: {}, privacy: {} });
  expect([row.username.startsWith('deleted.'), row.social_id]).toEqual([true, `deleted:${ada.id}`]);
  const everything = await sql<{ t: string }>`
    select (select to_jsonb(u)::text from users u where id = ${ada.id}) || (select to_jsonb(u)::text from app_users u where id = ${ada.id})
      || (select string_agg(to_jsonb(m)::text, '') from direct_messages m where conversation_id = ${conversation_id})
      || (select string_agg(to_jsonb(m)::text, '') from chat_messages m where stream_id = ${stream_id})
      || (select string_agg(to_jsonb(c)::text, '') from video_comments c where video_id = ${other_video_id}) || (select to_jsonb(v)::text from videos v where id = ${video_id})
      || coalesce((select string_agg(to_jsonb(s)::text, '') from sounds s where s.video_id = ${video_id}), '') as t`.execute(db);
  for (const word of ['Ada', 'Lovelace', 'example.com', ada.username, 'I like it', 'You would', 'me and my', ada.row.social_id]) expect(everything.rows[0]!.t).not.toContain(word);
  expect(everything.rows[0]!.t).toContain(`hello of ${bob.username}`);
  expect(everything.rows[0]!.t).toContain(`hi of ${bob.username}`);
  for (const [table, where] of [
    ['follows', sql`follower_id = ${ada.id} or followee_id = ${ada.id}`],
    ['blocks', sql`user_id = ${ada.id} or blocked_id = ${ada.id}`],
    ['app_devices', sql`user_id = ${ada.id}`],
    ['app_notifications', sql`user_id = ${ada.id} or sender_id = ${ada.id}`],
    ['video_likes', sql`user_id = ${ada.id}`],
    ['comment_likes', sql`user_id = ${ada.id}`],
    ['video_views', sql`user_id = ${ada.id}`],
    ['video_comments', sql`user_id = ${ada.id} and deleted_at is null`],
    ['videos', sql`user_id = ${ada.id} and deleted_at is null`],
    ['vods', sql`id = ${vod_id}`],
    ['app_exports', sql`user_id = ${ada.id}`],
  ] as const)
    expect([table, await count(table, where)]).toEqual([table, 0]);
  for (const key of files) expect([key, await media.stat(key)]).toEqual([key, null]);
  expect((await walletOf(db, ada.row.workspace_id, ada.id)).balance).toBe(0);
  expect(await wrongCounts(db)).toEqual([]);
  expect(await count('video_views', sql`video_id = ${other_video_id}`)).toBe(1);
  expect(await count('follows', sql`follower_id = ${eve.id} and followee_id = ${bob.id}`)).toBe(1);
  expect(await db.selectFrom('videos').select(['likes', 'comments']).where('id', '=', other_video_id).executeTakeFirst()).toEqual({ likes: 1, comments: 1 });
}

const REMOVED = { follows: 2, devices: 1, videos: 1, recordings: 1, likes: 2, comments: 2, messages: 2, coins_forfeited: 120 };

describe('An account that is deleted', () => {
  test('is gone at once for everybody, and its token opens nothing', async () => {
    const life = await createLife(world);
    expect(await ask(life.ada)).toEqual({ code: 200, msg: { user_id: life.ada.id, deleted: '1' } });
    expect(world.api.temporal.calls).toContainEqual({ name: 'deleteAccount', args: [expect.objectContaining({ user_id: life.ada.id })] });
    expect((await ask(life.ada)).code).toBe(401);
    expect((await verb(world.api, 'showUserDetail', { user_id: life.ada.id }, life.bob.token)).code).toBe(201);
    expect((await verb(world.api, 'showUserDetail', { username: life.ada.username }, life.bob.token)).code).toBe(201);
    expect((await verb(world.api, 'followUser', { user_id: life.ada.id }, life.bob.token)).code).toBe(201);
    const { msg } = await verb<{ Followers: object[] }>(world.api, 'showFollowers', {}, life.bob.token);
    expect(JSON.stringify(msg)).not.toContain(life.ada.id);
    expect(await record(life.ada.id)).toMatchObject({ finished_at: null });
  });

  test('loses everything that was its own; what is others’ stays, and every count is exact', async () => {
    await world.worker();
    const life = await createLife(world);
    await ask(life.ada);
    await world.remove(life.ada);
    await expectGone(life);
    expect(await record(life.ada.id)).toMatchObject({ ...REMOVED, finished_at: expect.any(Date) });
    const history = JSON.stringify(await world.temporal.client.workflow.getHandle(accountDeletionWorkflowId(life.ada.id)).fetchHistory());
    for (const secret of ['ada@example.com', 'Lovelace', life.ada.token]) expect(history).not.toContain(Buffer.from(secret).toString('base64').slice(0, 12));
    await world.remove(life.ada);
    await expectGone(life);
    expect(await record(life.ada.id)).toMatchObject(REMOVED);
  });

  test('loses it once, also where the worker dies after each step', async () => {
    const done: string[] = [];
    await world.worker((activities) => mapValues(activities, (name, run) => dieOnce(name, run, done)));
    const life = await createLife(world);
    await ask(life.ada);
    await world.remove(life.ada);
    expect(done).toHaveLength(18);
    await expectGone(life);
    expect(await record(life.ada.id)).toMatchObject(REMOVED);
    const forfeits = await world.api.deps.db.selectFrom('coin_movements').selectAll().where('request_key', 'like', `forfeit:${life.ada.id}%`).execute();
    expect(forfeits).toHaveLength(1);
  });

  test('and where storage fails in the middle of a step', async () => {
    let calls = 0;
    const storage = {
      ...world.deps.storage,
      delete: (key: string) => {
        calls += 1;
        return [2, 3, 9, 14, 20].includes(calls) ? Promise.reject(new Error('the storage is away')) : world.deps.storage.delete(key);
      },
    };
    await world.worker(undefined, { storage });
    const life = await createLife(world);
    await showVideo(world.deps.db, world.deps.storage, life.ada, 'a second one');
    await ask(life.ada);
    await world.remove(life.ada);
    await expectGone(life);
    expect(await record(life.ada.id)).toMatchObject({ ...REMOVED, videos: 2 });
    expect(calls).toBeGreaterThan(20);
  });

  test('ends its live stream', async () => {
    await world.worker();
    const life = await createLife(world);
    await world.deps.db.updateTable('streams').set({ status: 'live' }).where('id', '=', life.stream_id).execute();
    await ask(life.ada);
    await world.remove(life.ada);
    const handle = world.temporal.client.workflow.getHandle(broadcastWorkflowId(life.stream_id));
    const { type, taskQueue } = await handle.describe();
    expect([type, taskQueue]).toEqual(['broadcast', `${world.deps.taskQueuePrefix}media`]);
    expect(JSON.stringify(await handle.fetchHistory())).toContain('endBroadcast');
    await handle.terminate('the test is over');
  });

  test('beside others who are deleted at the same moment, and follow each other, leaves exact counts', async () => {
    await world.worker();
    const people = await Promise.all(Array.from({ length: 5 }, () => appUser(world.api)));
    const stays = await appUser(world.api);
    for (const by of [...people, stays]) await Promise.all([...people, stays].filter((whom) => whom !== by).map((whom) => verb(world.api, 'followUser', { user_id: whom.id }, by.token)));
    const late = people.map((person) => verb(world.api, 'followUser', { user_id: person.id, follow: 0 }, stays.token));
    await Promise.all([...people.map((person) => ask(person).then(() => world.remove(person))), ...late]);
    expect(await wrongCounts(world.deps.db)).toEqual([]);
    expect(await world.deps.db.selectFrom('app_users').select(['followers', 'following']).where('id', '=', stays.id).executeTakeFirst()).toEqual({ followers: 0, following: 0 });
  });

  test('of another app, or one that there is not, is none of this app’s', async () => {
    await world.worker();
    const ada = await appUser(world.api);
    const { workspace_id } = await world.api.person();
    await world.remove({ ...ada, row: { ...ada.row, workspace_id } });
    expect((await verb(world.api, 'showUserDetail', {}, ada.token)).code).toBe(200);
    expect(await askDeletion(world.deps.db, { user_id: ada.id, workspace_id })).toBe(false);
  });
});

describe('The sweep of accounts', () => {
  const sweep = () => world.temporal.client.workflow.execute('sweepAccounts', { taskQueue: world.temporal.taskQueue, workflowId: `sweep-${Math.random()}` });
  const statusOf = (workflowId: string) =>
    eventually(async () => (await world.temporal.client.workflow.getHandle(workflowId).describe()).taskQueue);

  test('has a deletion done that Temporal was not told of', async () => {
    await world.worker();
    world.api.temporal.social.deleteAccount = () => Promise.reject(new Error('Temporal is away'));
    const ada = await appUser(world.api);
    expect((await ask(ada)).code).toBe(200);
    await sweep();
    expect(await statusOf(accountDeletionWorkflowId(ada.id))).toBe(`${world.deps.taskQueuePrefix}social`);
    await world.temporal.client.workflow.getHandle(accountDeletionWorkflowId(ada.id)).terminate();
    await world.remove(ada);
  });

  test('takes coins and recordings that came after all was done', async () => {
    await world.worker();
    const life = await createLife(world);
    await ask(life.ada);
    await world.remove(life.ada);
    await giveCoins(world.deps.db, life.ada, 50);
    await sql`insert into vods (id, workspace_id, user_id, title, visibility, source, status) values (gen_random_uuid(), ${life.ada.row.workspace_id}, ${life.ada.id}, 'late', 'public', 'upload', 'failed')`.execute(world.deps.db);
    await sweep();
    await sweep();
    await expectGone(life);
    expect(await record(life.ada.id)).toMatchObject({ ...REMOVED, recordings: 2, coins_forfeited: 170 });
    expect(await count('vods', sql`user_id = ${life.ada.id}`)).toBe(0);
  });
});

type Run = (...args: never[]) => Promise<unknown>;

function mapValues(activities: object, change: (name: string, run: Run) => Run): object {
  return Object.fromEntries(Object.entries(activities).map(([name, run]) => [name, change(name, run as Run)]));
}

/** Its work is done and its answer lost: the same to Temporal as a worker that dies right then. */
function dieOnce(name: string, run: Run, done: string[]): Run {
  let died = false;
  return async (...args) => {
    const answer = await run(...args);
    done.push(name);
    if (died) return answer;
    died = true;
    throw ApplicationFailure.create({ message: 'the worker died', type: 'died' });
  };
}
