import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import type { GiftShown } from '../domain/contracts/app-events.ts';
import { AppPerson } from './demo/app-user.ts';
import { DemoApi } from './demo/api.ts';
import { writeClip } from './demo/clip.ts';
import { joinChat } from './demo/demo-chat.ts';
import { register } from './demo/person.ts';
import { runDemo } from './demo/run-demo.ts';
import { openScreen, type Screen } from './demo/screen.ts';
import type { DemoTarget } from './demo/target.ts';
import { publishTestPicture } from './demo/test-picture.ts';
import { until } from './demo/until.ts';
import { StartError } from './supervisor/start-error.ts';

type Tell = (text: string) => void;
interface VideoAnswer {
  Video: { id: string; status: string; status_reason?: string; video: string; like_count: string; duration: string };
}

const CLIP_S = 3;

/** Ada uploads, Ben finds it in the feed and likes it. @returns the video's id */
async function video(ada: AppPerson, ben: AppPerson, tell: Tell, signal: AbortSignal): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'showrunner-demo-'));
  try {
    const clip = await writeClip(join(folder, 'clip.mp4'), { seconds: CLIP_S });
    const { Video } = await ada.upload<VideoAnswer>(clip.path, { description: 'Sunrise over the hills #sunrise', privacy_type: 'public' });
    tell(`${ada.username} uploaded ${(clip.size_bytes / 1e6).toFixed(0)} MB; ffmpeg makes HLS of it`);
    const ready = await until(async () => {
      const { Video: now } = await ada.verb<VideoAnswer>('showVideoDetail', { video_id: Video.id });
      if (now.status === 'failed') throw new StartError(`The video failed: ${now.status_reason ?? 'no reason was given'}`);
      return now.status === 'ready' ? now : null;
    }, signal);
    if (!ready) throw new StartError('The video was not ready in time: see the workflow processVideo in the Temporal UI.');
    tell(`ready: ${ready.video}`);
    await ben.verb('followUser', { user_id: ada.id });
    const { Videos } = await ben.verb<{ Videos: VideoAnswer[] }>('showRelatedVideos', { starting_point: 0 });
    if (!Videos.some(({ Video: { id } }) => id === Video.id)) throw new StartError('The video is not in the feed.');
    await ben.verb('likeVideo', { video_id: Video.id });
    await ben.verb('postCommentOnVideo', { video_id: Video.id, comment: 'What a sky!' });
    tell(`${ben.username} follows ${ada.username}, finds it in the feed, likes and comments`);
    return Video.id;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Ben buys at the sandbox's App Store, with a receipt that is really signed. @returns his wallet */
async function buy(ben: AppPerson, sandboxUrl: string, tell: Tell, signal: AbortSignal): Promise<string> {
  const bought = await fetch(`${sandboxUrl}/control/stores/apple/purchases`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ product_id: 'coins_550', app_account_token: ben.id }), signal: AbortSignal.timeout(10_000) });
  const { signed_transaction } = (await bought.json()) as { signed_transaction: string };
  const { Purchase } = await ben.verb<{ Purchase: { id: string } }>('purchaseCoin', { store: 'apple', receipt: signed_transaction });
  const granted = await until(async () => {
    const now = await ben.verb<{ Purchase: { status: string; status_reason: string }; wallet: string }>('showPurchase', { purchase_id: Purchase.id });
    if (now.Purchase.status === 'refused') throw new StartError(`The purchase was refused: ${now.Purchase.status_reason}`);
    return now.Purchase.status === 'granted' ? now : null;
  }, signal);
  if (!granted) throw new StartError('The purchase was not granted in time: see the workflow verifyPurchase in the Temporal UI.');
  tell(`${ben.username} bought 550 coins; Apple’s signature and server were asked; wallet ${granted.wallet}`);
  return granted.wallet;
}

/** Ada is live, Ben chats and sends a gift, which everybody sees at once. */
async function live(api: DemoApi, ada: AppPerson, ben: AppPerson, tell: Tell, signal: AbortSignal): Promise<void> {
  const { streaming_id, rtmp_url, playback_url } = await ada.verb<{ streaming_id: string; rtmp_url: string; playback_url: string }>('liveStream', { title: 'Friday live' });
  const encoder = publishTestPicture(rtmp_url, process.env.FFMPEG_PATH || 'ffmpeg');
  const shown = deferred<GiftShown>();
  const viewer = io(api.baseUrl, { auth: { token: ada.token }, transports: ['websocket'], forceNew: true });
  try {
    await encoder.started;
    const isLive = await until(async () => ((await api.get<{ status: string }>(`/streams/${streaming_id}/public`)).status === 'live' ? true : null), signal);
    if (!isLive) throw new StartError('The stream did not go live.');
    tell(`${ada.username} is live: ${playback_url}`);
    viewer.on('gift', (gift: GiftShown) => shown.resolve(gift));
    const chat = await joinChat(api.baseUrl, ben.token, streaming_id, ({ user_name, message }) => tell(`chat  ${user_name}: ${message}`));
    await chat.say('Hello from the demo!');
    const { Gifts } = await ben.verb<{ Gifts: { Gift: { id: string; name: string; coins: string } }[] }>('showGifts');
    const heart = Gifts.find(({ Gift }) => Gift.name === 'Heart')!.Gift;
    const request_id = randomUUID();
    const sent = Date.now();
    // Two taps at once are one gift.
    await Promise.all([1, 2].map(() => ben.verb('sendGift', { gift_id: heart.id, stream_id: streaming_id, count: 2, request_id })));
    const gift = await Promise.race([shown.promise, new Promise<null>((resolve) => setTimeout(() => resolve(null), 10_000).unref())]);
    if (!gift) throw new StartError('The gift was not shown to the stream.');
    tell(`${gift.sender.username} tapped twice: one gift of ${gift.count} × ${gift.gift.name}, ${gift.coins} coins, seen after ${Date.now() - sent} ms`);
    chat.close();
  } finally {
    viewer.disconnect();
    await encoder.stop();
    await ada.verb('endLiveStream', { streaming_id });
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

const walletOf = async (person: AppPerson): Promise<string> => (await person.verb<{ User: { wallet: string } }>('showUserDetail')).User.wallet;

async function play(target: DemoTarget, stopped: AbortSignal): Promise<boolean> {
  if (!target.sandboxUrl) throw new StartError('This demo buys at the sandbox’s App Store: set SANDBOX_URL beside SHOWRUNNER_URL.');
  const api = new DemoApi(target.apiUrl);
  // Whoever registers first owns the app.
  const owner = await register(api);
  const began = Date.now();
  const seconds = (): string => ((Date.now() - began) / 1_000).toFixed(1);
  let screen: Screen | null = openScreen(process.stdout, () => `${seconds()} s`);
  try {
    const tell: Tell = (text) => screen?.line(`  ${seconds().padStart(5)} s  ${text}`);
    const ada = await AppPerson.signIn(target.apiUrl, 'Ada');
    const ben = await AppPerson.signIn(target.apiUrl, 'Ben');
    tell(`${ada.username} and ${ben.username} signed in`);
    const videoId = await video(ada, ben, tell, stopped);
    const before = await buy(ben, target.sandboxUrl, tell, stopped);
    await live(api, ada, ben, tell, stopped);
    const [adas, bens] = [await walletOf(ada), await walletOf(ben)];
    screen.close();
    screen = null;
    const balanced = Number(adas) + Number(bens) === Number(before);
    const rows = [
      ['Video', videoId],
      ['Wallets', `${ada.username} ${adas}, ${ben.username} ${bens}: ${balanced ? 'as many coins as were bought' : 'NOT as many coins as were bought'}`],
      ['Contract', `${target.apiUrl}/docs, “Social app”; docs/mobile-api.md`],
    ];
    console.log(`\nSummary\n\n${rows.map(([name, value]) => `  ${name!.padEnd(10)}${value}`).join('\n')}\n`);
    console.log(`${target.isOurs ? 'Look around with npm start' : 'Look around'}: ${target.apiUrl}/docs, signed in as ${owner.email} with password ${owner.password}\n`);
    return balanced;
  } finally {
    screen?.close();
  }
}

runDemo({ find: () => Promise.resolve({ needsBroker: false }), play, failure: 'The coins do not add up: see GET /social/ledger-checks, and the logs below .data/logs.' });
