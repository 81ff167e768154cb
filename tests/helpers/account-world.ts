import { Readable } from 'node:stream';
import { sql } from 'kysely';
import { createAccountActivities } from '../../activities/social/accounts/account.activities.ts';
import type { AccountDeps } from '../../activities/social/accounts/account-deps.ts';
import { appAccount, moveCoins, walletOf } from '../../db/coin-ledger.repository.ts';
import { newId } from '../../db/ids.ts';
import { addComment } from '../../db/video-comment.repository.ts';
import { publishVideo } from '../../db/video-life.repository.ts';
import { setCommentLike, setVideoLike } from '../../db/video-like.repository.ts';
import type { Db } from '../../db/client.ts';
import type { DeleteAccountInput, ExportDataInput } from '../../domain/contracts/app-account.ts';
import { soundKey, videoKeys, videoSourceKey } from '../../domain/contracts/video.ts';
import { posterKey, vodKey } from '../../domain/contracts/vod.ts';
import { accountDeletionWorkflowId, dataExportWorkflowId } from '../../domain/names.ts';
import { quietLog } from './quiet-log.ts';
import { seedStream } from './recordings.ts';
import { appUser, verb, type TestAppUser } from './social.ts';
import { testTemporal, type TestTemporal } from './temporal.ts';
import { createTestApi, type TestApi } from './test-api.ts';

export interface AccountWorld {
  api: TestApi;
  temporal: TestTemporal;
  deps: AccountDeps;
  /** Runs a worker with the activities of accounts, instead of the one before. @param change what each of them is wrapped into */
  worker(change?: (activities: ReturnType<typeof createAccountActivities>) => object, over?: Partial<AccountDeps>): Promise<void>;
  /** Runs the workflow to its end. */
  remove(user: TestAppUser): Promise<void>;
  export(user: TestAppUser, exportId: string): Promise<void>;
  close(): Promise<void>;
}

const timings = { heartbeat_timeout_ms: 10_000, retry_initial_ms: 20 };

export async function createAccountWorld(): Promise<AccountWorld> {
  const [api, temporal] = await Promise.all([createTestApi(), testTemporal()]);
  const { client, taskQueue } = temporal;
  const deps: AccountDeps = { db: api.deps.db, storage: api.deps.media, client, taskQueuePrefix: `${taskQueue}-`, logger: quietLog };
  let running: { stop(): Promise<void> } | null = null;
  return {
    api,
    temporal,
    deps,
    async worker(change = (activities) => activities, over) {
      await running?.stop();
      running = await temporal.runWorker({ activities: change(createAccountActivities({ ...deps, ...over }, 0)), maxHeartbeatThrottleInterval: '500ms' });
    },
    async remove({ id, row }) {
      const args: [DeleteAccountInput] = [{ user_id: id, workspace_id: row.workspace_id, request_id: null, timings }];
      await client.workflow.execute('deleteAccount', { taskQueue, workflowId: accountDeletionWorkflowId(id), args });
    },
    async export({ id, row }, export_id) {
      const args: [ExportDataInput] = [{ export_id, user_id: id, workspace_id: row.workspace_id, request_id: null, timings }];
      await client.workflow.execute('exportData', { taskQueue, workflowId: dataExportWorkflowId(export_id), args });
    },
    async close() {
      await temporal.close();
      await api.close();
    },
  };
}

/** Somebody who has done everything that one can do here, and two friends. */
export interface Life {
  ada: TestAppUser;
  bob: TestAppUser;
  eve: TestAppUser;
  /** Of ada. */
  video_id: string;
  /** Of bob. */
  other_video_id: string;
  conversation_id: string;
  stream_id: string;
  vod_id: string;
  /** Everything of ada's that lies in storage. */
  files: string[];
}

export async function createLife({ api, deps: { db, storage } }: { api: TestApi; deps: Pick<AccountDeps, 'db' | 'storage'> }): Promise<Life> {
  const [ada, bob, eve] = await Promise.all([
    appUser(api, { first_name: 'Ada', last_name: 'Lovelace', email: 'ada@example.com', bio: 'I dance', website: 'https://ada.example.com' }),
    appUser(api),
    appUser(api),
  ]);
  const { workspace_id } = ada.row;
  const follow = (by: TestAppUser, whom: TestAppUser) => verb(api, 'followUser', { user_id: whom.id }, by.token);
  await follow(ada, bob);
  await follow(bob, ada);
  await follow(eve, ada);
  await verb(api, 'blockUser', { user_id: eve.id }, ada.token);
  await follow(eve, bob);
  const video_id = await showVideo(db, storage, ada, 'me and my #engine');
  const other_video_id = await showVideo(db, storage, bob, 'my #engine too');
  await setVideoLike(db, { video_id, user_id: bob.id, liked: true });
  await setVideoLike(db, { video_id: other_video_id, user_id: ada.id, liked: true });
  await setVideoLike(db, { video_id: other_video_id, user_id: eve.id, liked: true });
  const told = () => Promise.resolve();
  const mine = await addComment(db, { video_id: other_video_id, user_id: ada.id, parent_id: null, comment: 'I like it' }, told);
  const theirs = await addComment(db, { video_id: other_video_id, user_id: eve.id, parent_id: null, comment: 'So do I' }, told);
  await addComment(db, { video_id: other_video_id, user_id: ada.id, parent_id: theirs!.id, comment: 'You would' }, told);
  await setCommentLike(db, { comment_id: theirs!.id, user_id: ada.id, liked: true });
  await setCommentLike(db, { comment_id: mine!.id, user_id: bob.id, liked: true });
  await sql`insert into video_views (video_id, view_id, user_id, watch_ms) values (${other_video_id}, 'view-1', ${ada.id}, 1200)`.execute(db);
  await sql`insert into app_devices (id, user_id, platform, device_token) values (${newId()}, ${ada.id}, 'ios', ${`token-${ada.id}`})`.execute(db);
  const conversation_id = newId();
  const [low_id, high_id] = [ada.id, bob.id].sort();
  await sql`insert into conversations (id, workspace_id, low_id, high_id, last_position) values (${conversation_id}, ${workspace_id}, ${low_id}, ${high_id}, 2)`.execute(db);
  for (const [position, sender] of [ada, bob].entries())
    await sql`insert into direct_messages (id, conversation_id, position, sender_id, request_id, message) values (${newId()}, ${conversation_id}, ${position + 1}, ${sender.id}, ${`r-${position}`}, ${`hello of ${sender.username}`})`.execute(db);
  const stream_id = await seedStream(db, { workspace_id, user_id: ada.id });
  await sql`insert into chat_rooms (stream_id, last_position) values (${stream_id}, 2) on conflict do nothing`.execute(db);
  for (const [position, sender] of [ada, bob].entries())
    await sql`insert into chat_messages (id, stream_id, position, user_id, user_name, message) values (${newId()}, ${stream_id}, ${position + 1}, ${sender.id}, ${sender.username}, ${`hi of ${sender.username}`})`.execute(db);
  const vod_id = newId();
  await sql`insert into vods (id, workspace_id, user_id, stream_id, title, visibility, source, status, storage_key) values (${vod_id}, ${workspace_id}, ${ada.id}, ${stream_id}, 'Friday', 'public', 'recording', 'ready', ${vodKey(vod_id)})`.execute(db);
  for (const key of [vodKey(vod_id), posterKey(vod_id)]) await storage.put(key, Readable.from(['film']), 1e6);
  await giveCoins(db, ada, 120);
  return { ada, bob, eve, video_id, other_video_id, conversation_id, stream_id, vod_id, files: [...videoKeys(video_id).filter((key) => key !== videoSourceKey(video_id)), vodKey(vod_id), posterKey(vod_id)] };
}

export async function showVideo(db: Db, storage: AccountDeps['storage'], author: TestAppUser, description: string): Promise<string> {
  const id = newId();
  const keys = videoKeys(id).filter((key) => key !== videoSourceKey(id));
  for (const key of keys) await storage.put(key, Readable.from(['bytes']), 1e6);
  await db
    .insertInto('videos')
    .values({ id, workspace_id: author.row.workspace_id, user_id: author.id, description, status: 'processing', privacy: 'public', playlist_key: keys[0]!, thumbnail_key: keys.at(-1)! })
    .execute();
  await publishVideo(db, id, { hasSound: true, soundKeyOf: soundKey });
  return id;
}

export async function giveCoins(db: Db, { id, row: { workspace_id } }: TestAppUser, coins: number): Promise<void> {
  const [{ account_id }, house] = [await walletOf(db, workspace_id, id), await appAccount(db, workspace_id, 'house')];
  const entries = [
    { account_id, amount: coins },
    { account_id: house, amount: -coins },
  ];
  await moveCoins(db, { workspace_id, kind: 'grant', request_key: `grant:${newId()}`, entries });
}

/** Every count that does not equal the rows that it counts. */
export async function wrongCounts(db: Db): Promise<object[]> {
  const { rows } = await sql<object>`
    select 'followers' as what, u.id, u.followers as cached, count(f.*)::int as found from app_users u left join follows f on f.followee_id = u.id and f.state = 'accepted' group by u.id having u.followers <> count(f.*)
    union all select 'following', u.id, u.following, count(f.*)::int from app_users u left join follows f on f.follower_id = u.id and f.state = 'accepted' group by u.id having u.following <> count(f.*)
    union all select 'videos', u.id, u.videos, count(v.*)::int from app_users u left join videos v on v.user_id = u.id and v.status = 'ready' and v.deleted_at is null group by u.id having u.videos <> count(v.*)
    union all select 'likes', u.id, u.likes, count(l.*)::int from app_users u left join videos v on v.user_id = u.id and v.deleted_at is null left join video_likes l on l.video_id = v.id group by u.id having u.likes <> count(l.*)
    union all select 'video likes', v.id, v.likes, count(l.*)::int from videos v left join video_likes l on l.video_id = v.id where v.deleted_at is null group by v.id having v.likes <> count(l.*)
    union all select 'comments', v.id, v.comments, count(c.*)::int from videos v left join video_comments c on c.video_id = v.id and c.deleted_at is null where v.deleted_at is null group by v.id having v.comments <> count(c.*)
    union all select 'comment likes', c.id, c.likes, count(l.*)::int from video_comments c left join comment_likes l on l.comment_id = c.id where c.deleted_at is null group by c.id having c.likes <> count(l.*)
    union all select 'hashtags', h.id, h.videos, count(t.*)::int from hashtags h left join video_hashtags t on t.hashtag_id = h.id group by h.id having h.videos <> count(t.*)
    union all select 'balance', a.id, a.balance::int, coalesce(sum(t.amount), 0)::int from coin_accounts a left join coin_transactions t on t.account_id = a.id group by a.id having a.balance <> coalesce(sum(t.amount), 0)`.execute(db);
  return rows;
}
