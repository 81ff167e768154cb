import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../db/ids.ts';
import { signToken } from '../../db/signed-token.ts';
import { exportKey } from '../../domain/contracts/app-account.ts';
import { createAccountWorld, createLife, type AccountWorld, type Life } from '../helpers/account-world.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';

interface Export {
  id: string;
  state: string;
  url: string;
  created: string;
  expires: string;
}

let world: AccountWorld;
let life: Life;
beforeAll(async () => {
  world = await createAccountWorld();
  await world.worker();
  life = await createLife(world);
});
afterAll(() => world.close());

const ask = async ({ token }: TestAppUser, fields: object = {}) => (await verb<{ Export: Export }>(world.api, 'exportUserData', { ...fields }, token)).msg.Export;
const pathOf = (url: string): string => url.slice(world.api.deps.config.publicUrl.length);
const open = (path: string) => world.api.call<Record<string, Record<string, unknown>[]> & { code: string }>('GET', path);
const rows = (user: TestAppUser) => world.deps.db.selectFrom('app_exports').selectAll().where('user_id', '=', user.id).orderBy('id').execute();
const written = async (user: TestAppUser): Promise<Export> => {
  const { id } = await ask(user);
  await world.export(user, id);
  return ask(user);
};

test('An export is asked for once, written, and opened by its link', async () => {
  const asked = await Promise.all(Array.from({ length: 5 }, () => ask(life.ada)));
  expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
  expect(asked[0]).toMatchObject({ state: 'pending', url: '', expires: '' });
  expect(world.api.temporal.calls.filter(({ name }) => name === 'exportData')).toEqual([{ name: 'exportData', args: [expect.objectContaining({ export_id: asked[0]!.id, user_id: life.ada.id })] }]);
  await world.export(life.ada, asked[0]!.id);
  const ready = await ask(life.ada);
  expect(ready).toMatchObject({ id: asked[0]!.id, state: 'ready' });
  const days = (Date.parse(`${ready.expires.replace(' ', 'T')}Z`) - Date.now()) / 86_400_000;
  expect(Math.round(days)).toBe(7);

  const { status, headers, body } = await open(pathOf(ready.url));
  expect([status, headers.get('content-disposition')]).toEqual([200, `attachment; filename="export-${ready.id}.json"`]);
  expect(body.profile).toMatchObject([{ id: life.ada.id, email: 'ada@example.com', first_name: 'Ada', social_id: life.ada.row.social_id }]);
  expect(body.following).toMatchObject([{ user_id: life.bob.id, username: life.bob.username, state: 'accepted' }]);
  expect(body.followers).toMatchObject([{ user_id: life.bob.id }]);
  expect(body.blocked).toMatchObject([{ user_id: life.eve.id }]);
  expect(body.videos).toMatchObject([{ id: life.video_id, description: 'me and my #engine', likes: 1 }]);
  expect(body.liked_videos).toMatchObject([{ video_id: life.other_video_id }]);
  expect(body.comments!.map(({ comment }) => comment).sort()).toEqual(['I like it', 'You would']);
  expect(body.watched).toMatchObject([{ video_id: life.other_video_id, watch_ms: 1200 }]);
  expect(body.direct_messages!.map(({ message }) => message).sort()).toEqual([`hello of ${life.ada.username}`, `hello of ${life.bob.username}`].sort());
  expect(body.chat_messages).toMatchObject([{ stream_id: life.stream_id, message: `hi of ${life.ada.username}` }]);
  expect(body.coins).toMatchObject([{ kind: 'grant', amount: 120, balance_after: 120 }]);
  expect(body.recordings).toMatchObject([{ id: life.vod_id }]);
  // A device's token is a key to it, and no use to its owner.
  expect(body.devices).toMatchObject([{ platform: 'ios' }]);
  expect(JSON.stringify(body)).not.toContain(`token-${life.ada.id}`);
});

test('It is for whoever has the link, as long as that and the file last', async () => {
  const ready = await written(life.bob);
  const path = `/api/app-exports/${ready.id}`;
  const { jwtSecret } = world.api.deps.config;
  const statuses = [
    (await open(path)).status,
    (await open(`${path}?token=x`)).status,
    (await open(`${path}?token=${life.bob.token}`)).status,
    (await open(`${path}?token=${await signToken('play', newId(), jwtSecret, 60)}`)).status,
    (await open(`${path}?token=${await signToken('play', ready.id, jwtSecret, -60)}`)).status,
    (await open(`/api/app-exports/${newId()}?token=${await signToken('play', ready.id, jwtSecret, 60)}`)).status,
    (await open(pathOf(ready.url))).status,
  ];
  expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 200]);
  await world.deps.db.updateTable('app_exports').set({ expires_at: new Date(Date.now() - 1_000) }).where('id', '=', ready.id).execute();
  expect((await open(pathOf(ready.url))).status).toBe(404);
  expect((await ask(life.bob)).id).not.toBe(ready.id);
});

test('A fresh one makes the one before expire, and the sweep removes its file', async () => {
  const user = await appUser(world.api);
  const old = await written(user);
  const fresh = await ask(user, { fresh: 1 });
  expect(fresh).toMatchObject({ state: 'pending' });
  expect(fresh.id).not.toBe(old.id);
  expect((await ask(user, { fresh: 1 })).id).toBe(fresh.id);
  expect(await world.deps.storage.stat(exportKey(old.id))).not.toBeNull();
  await world.temporal.client.workflow.execute('sweepAccounts', { taskQueue: world.temporal.taskQueue, workflowId: `sweep-${newId()}` });
  expect(await world.deps.storage.stat(exportKey(old.id))).toBeNull();
  expect((await rows(user)).map(({ storage_key }) => storage_key)).toEqual([null, null]);
  // The sweep has had it written too: nobody had told Temporal.
  const started = world.temporal.client.workflow.getHandle(`export-data:${fresh.id}`);
  expect((await started.describe()).taskQueue).toBe(`${world.deps.taskQueuePrefix}social`);
  await started.terminate();
});

test('Written twice, it is one file; of a deleted account it is none', async () => {
  const user = await appUser(world.api);
  const ready = await written(user);
  await world.export(user, ready.id);
  expect((await open(pathOf(ready.url))).status).toBe(200);
  const pending = await ask(user, { fresh: 1 });
  await verb(world.api, 'deleteUserAccount', {}, user.token);
  await world.export(user, pending.id);
  expect((await rows(user)).at(-1)).toMatchObject({ state: 'failed', status_code: 'user_gone' });
  expect(await world.deps.storage.stat(exportKey(pending.id))).toBeNull();
  await world.remove(user);
  expect((await open(pathOf(ready.url))).status).toBe(404);
  expect(await world.deps.storage.stat(exportKey(ready.id))).toBeNull();
  expect(await rows(user)).toEqual([]);
});

test('It is tried again where the storage was away, and holds more than one page of rows', async () => {
  const user = await appUser(world.api);
  const fans = await Promise.all(Array.from({ length: 3 }, () => appUser(world.api)));
  const many = Array.from({ length: 2_500 }, (_, index) => ({ video_id: life.video_id, view_id: `many-${index}`, user_id: user.id, watch_ms: index, told_before_ms: null }));
  await world.deps.db.insertInto('video_views').values(many).execute();
  for (const fan of fans) await verb(world.api, 'followUser', { user_id: user.id }, fan.token);
  let calls = 0;
  const put: typeof world.deps.storage.put = (...args) => {
    calls += 1;
    return calls === 1 ? Promise.reject(new Error('the storage is away')) : world.deps.storage.put(...args);
  };
  await world.worker(undefined, { storage: { ...world.deps.storage, put } });
  const { body } = await open(pathOf((await written(user)).url));
  expect(calls).toBe(2);
  expect(body.watched).toHaveLength(2_500);
  expect(new Set(body.watched!.map(({ watch_ms }) => watch_ms)).size).toBe(2_500);
  expect(body.followers).toHaveLength(3);
});
