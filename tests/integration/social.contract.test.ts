import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { VERBS } from '../../api/verbs/index.ts';
import { appAccount, moveCoins, walletOf } from '../../db/coin-ledger.repository.ts';
import { newId } from '../../db/ids.ts';
import { createStores } from '../../social/stores/stores.ts';
import { appVideo } from '../helpers/feed-rows.ts';
import { appUser, socialApp, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

/** Every verb with what an app sends, in an order in which each has something to answer, held against the example in the docs. */
let api: TestApi;
let world: World;

interface World {
  ada: TestAppUser;
  ben: TestAppUser;
  /** Private. */
  cyd: TestAppUser;
  dan: TestAppUser;
  video: string;
  sound: string;
  stream: string;
  /** What answers gave, for later calls. */
  seen: Record<string, string>;
}

interface Call {
  verb: string;
  by: (world: World) => TestAppUser | null;
  fields: (world: World) => Record<string, unknown>;
  /** Keeps something of the answer. */
  keep?: (msg: never, world: World) => void;
}

const ada = ({ ada: user }: World): TestAppUser => user;
const ben = ({ ben: user }: World): TestAppUser => user;
const dan = ({ dan: user }: World): TestAppUser => user;
const nobody = (): null => null;
const nothing = (): Record<string, unknown> => ({});
const page = (): Record<string, unknown> => ({ starting_point: '0' });
const aVideo = ({ video }: World) => ({ video_id: video });

const CALLS: readonly Call[] = [
  { verb: 'registerUser', by: nobody, fields: () => ({ social: 'google', social_id: '1101', auth_token: 'nobody checks it here', username: 'Eve', first_name: 'Eve', last_name: 'Moneypenny', email: 'eve@example.com' }) },
  { verb: 'editProfile', by: ada, fields: () => ({ bio: 'I dance with machines' }) },
  { verb: 'addPrivacySetting', by: ada, fields: () => ({ direct_message: 'everyone', liked_videos: 'everyone' }) },
  { verb: 'updatePushNotificationSettings', by: ada, fields: () => ({ likes: '1', gifts: 0 }) },
  { verb: 'followUser', by: ben, fields: ({ ada: { id } }) => ({ user_id: id }) },
  { verb: 'followUser', by: ben, fields: ({ cyd: { id } }) => ({ user_id: id, follow: '1' }) },
  { verb: 'showFollowRequests', by: ({ cyd }) => cyd, fields: page },
  { verb: 'answerFollowRequest', by: ({ cyd }) => cyd, fields: ({ ben: { id } }) => ({ user_id: id, accept: '1' }) },
  { verb: 'showFollowers', by: ada, fields: ({ ada: { id } }) => ({ user_id: id, starting_point: '0' }) },
  { verb: 'showFollowing', by: ben, fields: page },
  { verb: 'showUserDetail', by: ada, fields: nothing },
  { verb: 'uploadVideo', by: ada, fields: nothing },
  { verb: 'showRelatedVideos', by: ben, fields: () => ({ starting_point: '0', device_id: 'phone' }) },
  { verb: 'showFollowingVideos', by: ben, fields: page },
  { verb: 'showVideosOfUser', by: ben, fields: ({ ada: { id } }) => ({ user_id: id, starting_point: 0 }) },
  { verb: 'showVideoDetail', by: ben, fields: aVideo },
  { verb: 'likeVideo', by: ben, fields: aVideo },
  { verb: 'showLikedVideos', by: ben, fields: page },
  { verb: 'shareVideo', by: ben, fields: aVideo },
  { verb: 'postCommentOnVideo', by: ben, fields: ({ video }) => ({ video_id: video, comment: 'Which bulb is that?' }), keep: ({ VideoComment }: { VideoComment: { id: string } }, { seen }) => void (seen.comment = VideoComment.id) },
  { verb: 'likeComment', by: ada, fields: ({ seen }) => ({ comment_id: seen.comment }) },
  { verb: 'showVideoComments', by: ada, fields: ({ video }) => ({ video_id: video, starting_point: '0' }) },
  { verb: 'deleteComment', by: ada, fields: ({ seen }) => ({ comment_id: seen.comment }) },
  { verb: 'watchVideo', by: ben, fields: ({ video }) => ({ video_id: video, view_id: 'view-of-the-contract', watch_ms: '4200' }) },
  { verb: 'showVideoAnalytics', by: ada, fields: ({ video }) => ({ video_id: video, days: '1' }) },
  { verb: 'search', by: ben, fields: ({ ada: { username } }) => ({ type: 'user', keyword: username.slice(0, 8), starting_point: '0' }) },
  { verb: 'showHashtagVideos', by: ben, fields: () => ({ hashtag: '#Contract', starting_point: '0' }) },
  { verb: 'showSounds', by: ben, fields: page },
  { verb: 'showSoundVideos', by: ben, fields: ({ sound }) => ({ sound_id: sound, starting_point: '0' }) },
  { verb: 'showLiveStreams', by: ben, fields: page },
  { verb: 'showGifts', by: ben, fields: nothing, keep: ({ Gifts }: { Gifts: { Gift: { id: string } }[] }, { seen }) => void (seen.gift = Gifts[0]!.Gift.id) },
  { verb: 'showCoinPackages', by: ben, fields: nothing },
  { verb: 'sendGift', by: ben, fields: ({ seen, stream, ada: { id } }) => ({ gift_id: seen.gift, stream_id: stream, receiver_id: id, count: '1', request_id: 'contract-gift-1' }) },
  { verb: 'showTransactions', by: ben, fields: page },
  { verb: 'liveStream', by: dan, fields: () => ({ title: 'Friday live', privacy: 'public', record: '1', notify_followers: '1' }), keep: ({ streaming_id }: { streaming_id: string }, { seen }) => void (seen.stream = streaming_id) },
  { verb: 'endLiveStream', by: dan, fields: ({ seen }) => ({ streaming_id: seen.stream }) },
  { verb: 'purchaseCoin', by: ben, fields: () => ({ store: 'google', product_id: 'coins_550', purchase_token: 'a-purchase-token-of-the-contract' }), keep: ({ Purchase }: { Purchase: { id: string } }, { seen }) => void (seen.purchase = Purchase.id) },
  { verb: 'showPurchase', by: ben, fields: ({ seen }) => ({ purchase_id: seen.purchase }) },
  { verb: 'showPurchases', by: ben, fields: page },
  { verb: 'requestPayout', by: ada, fields: () => ({ coins: '2000', destination: { method: 'bank_transfer', account_holder: 'Ada Lovelace', iban: 'DE89 3704 0044 0532 0130 00' }, request_id: 'contract-payout-1' }) },
  { verb: 'showPayouts', by: ada, fields: page },
  { verb: 'showNotifications', by: ada, fields: page },
  { verb: 'readNotifications', by: ada, fields: nothing },
  { verb: 'addDeviceData', by: ada, fields: () => ({ device_token: 'a-token-of-the-contract', device: 'android', version: '4.2.0' }) },
  { verb: 'removeDeviceData', by: ada, fields: () => ({ device_token: 'a-token-of-the-contract' }) },
  { verb: 'sendMessage', by: ada, fields: ({ ben: { id } }) => ({ receiver_id: id, message: 'See you on Friday!', request_id: 'contract-message-1' }), keep: ({ Message }: { Message: { id: string } }, { seen }) => void (seen.message = Message.id) },
  { verb: 'showConversations', by: ben, fields: page },
  { verb: 'showMessages', by: ben, fields: ({ ada: { id } }) => ({ user_id: id, starting_point: '0' }) },
  { verb: 'deleteMessage', by: ada, fields: ({ seen }) => ({ message_id: seen.message }) },
  { verb: 'reportUser', by: ben, fields: ({ dan: { id } }) => ({ user_id: id, reason: 'spam', description: 'The same link under every video' }) },
  { verb: 'reportVideo', by: ben, fields: ({ video }) => ({ video_id: video, reason: 'violence' }) },
  { verb: 'blockUser', by: ben, fields: ({ dan: { id } }) => ({ user_id: id, block: '1' }) },
  { verb: 'showBlockedUsers', by: ben, fields: page },
  { verb: 'exportUserData', by: ada, fields: nothing },
  { verb: 'deleteVideo', by: ada, fields: aVideo },
  { verb: 'deleteUserAccount', by: dan, fields: nothing },
];

beforeAll(async () => {
  api = await createTestApi();
  api.deps.stores = createStores({ apple: null, google: { packageName: 'com.example.app', url: 'http://127.0.0.1:9', tokenUrl: 'http://127.0.0.1:9', jwksUrl: 'http://127.0.0.1:9', account: null, audience: null, email: null } });
  world = await makeWorld();
}, 60_000);
afterAll(() => api.close());

async function makeWorld(): Promise<World> {
  const { db } = api.deps;
  const workspace_id = await socialApp(api);
  const [one, two, three, four] = [await appUser(api, { first_name: 'Ada' }), await appUser(api), await appUser(api, { is_private: true }), await appUser(api)];
  const [sound, hashtag, stream] = [newId(), newId(), newId()];
  await db.insertInto('sounds').values({ id: sound, workspace_id, name: 'original sound', created_by: one.id, video_id: null, audio_key: null, duration_ms: 3_000, videos: 1, deleted_at: null }).execute();
  const video = await appVideo(api, one, { description: 'A lamp #contract', sound_id: sound, duration_ms: 8_000, width: 720, height: 1_280 });
  await db.updateTable('app_users').set({ videos: 1 }).where('id', '=', one.id).execute();
  await db.insertInto('hashtags').values({ id: hashtag, workspace_id, name: 'contract', videos: 1 }).execute();
  await db.insertInto('video_hashtags').values({ video_id: video, hashtag_id: hashtag }).execute();
  await db
    .insertInto('streams')
    .values({ id: stream, workspace_id, user_id: one.id, title: 'Live', status: 'live', visibility: 'public', record: false, latency: 'low', stream_key_hash: newId(), stream_key_hint: 'abcd', start_time: new Date(), description: null, thumbnail: null, thumbnail_taken_at: null, status_code: null, status_reason: null, scheduled_for: null, end_time: null, media_host_id: null, deleted_at: null })
    .execute();
  const house = await appAccount(db, workspace_id, 'house');
  for (const { id } of [one, two]) {
    const { account_id } = await walletOf(db, workspace_id, id);
    await moveCoins(db, { workspace_id, kind: 'grant', request_key: `grant:${id}`, entries: [{ account_id: house, amount: -5_000 }, { account_id, amount: 5_000 }] });
  }
  return { ada: one, ben: two, cyd: three, dan: four, video, sound, stream, seen: {} };
}

async function send({ verb: name, by, fields }: Call): Promise<{ code: number; msg: unknown }> {
  const caller = by(world);
  if (name !== 'uploadVideo') return verb<unknown>(api, name, fields(world), caller?.token);
  const form = new FormData();
  form.append('auth_token', caller!.token);
  form.append('description', 'My new lamp #diy');
  form.append('privacy_type', 'public');
  form.append('video', new Blob([new Uint8Array(1_000)]), 'clip.mp4');
  const response = await api.app.request('/api/uploadVideo', { method: 'POST', body: form });
  return (await response.json()) as { code: number; msg: unknown };
}

/** What an app's parser sees: which keys there are, and of which kind their values. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])];
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)).map(([key, inner]) => [key, shape(inner)]));
}

test.each(CALLS)('$verb answers as its example says', async (call) => {
  const { code, msg } = await send(call);
  expect([call.verb, code, typeof msg === 'string' ? msg : '']).toEqual([call.verb, 200, typeof msg === 'string' && code === 200 ? msg : '']);
  call.keep?.(msg as never, world);
  const example = VERBS.find(({ name }) => name === call.verb)!.example.msg;
  expect(shape(msg)).toEqual(shape(example));
});

test('every verb is called above', () => {
  const called = new Set(CALLS.map(({ verb: name }) => name));
  expect(VERBS.map(({ name }) => name).filter((name) => !called.has(name))).toEqual([]);
});
