import { setTimeout as delay } from 'node:timers/promises';
import { DemoApi } from './demo/api.ts';
import { joinChat, type DemoChat } from './demo/demo-chat.ts';
import { register } from './demo/person.ts';
import { runDemo } from './demo/run-demo.ts';
import { openScreen, type Screen } from './demo/screen.ts';
import type { DemoTarget } from './demo/target.ts';
import { publishTestPicture, type Encoder } from './demo/test-picture.ts';
import { until } from './demo/until.ts';
import { StartError } from './supervisor/start-error.ts';

const ON_AIR_MS = Number(process.env.DEMO_SECONDS || 20) * 1_000;
const CHAT_EVERY_MS = 4_000;
const LINES = ['Hello from the demo!', 'The picture is made by ffmpeg', 'Over RTMP, as OBS does it', 'This chat is stored with the video'];

interface Stream {
  id: string;
  status: string;
  status_reason: string | null;
  viewer_count: number;
  stream_key: string;
  urls: { rtmp: string; whip: string; whep: string; hls: string; watch: string; studio: string };
}
interface Vod {
  id: string;
  status: string;
  status_reason: string | null;
  duration_ms: number | null;
  size_bytes: number | null;
  width: number | null;
  height: number | null;
  segments_total: number;
  segments_lost: number;
  gaps: unknown[];
}

const FINAL: readonly string[] = ['ready', 'incomplete', 'failed'];

/** On air for a while: the screen says what happens, and the chat goes on beside it. */
async function broadcast(api: DemoApi, stream: Stream, tell: (text: string) => void, signal: AbortSignal): Promise<void> {
  let encoder: Encoder | null = null;
  let chat: DemoChat | null = null;
  try {
    encoder = publishTestPicture(`${stream.urls.rtmp}/${stream.stream_key}`, process.env.FFMPEG_PATH || 'ffmpeg');
    await encoder.started;
    tell('ffmpeg publishes a test picture, 720p, over RTMP');
    const live = await until(async () => ((await api.get<Stream>(`/streams/${stream.id}`)).status === 'live' ? true : null), signal);
    if (!live) throw new StartError('The stream did not go live: its reason is at GET /streams/{id}/sessions, more in the logs.');
    tell('live. Watch it now:');
    tell(`  page    ${stream.urls.watch}`);
    tell(`  WHEP    ${stream.urls.whep}`);
    tell(`  HLS     ${stream.urls.hls}`);
    chat = await joinChat(api.baseUrl, api.token, stream.id, ({ user_name, message }) => tell(`chat  ${user_name}: ${message}`));
    const end = Date.now() + ON_AIR_MS;
    for (let said = 0; Date.now() < end && !signal.aborted; said++) {
      if (said < LINES.length) await chat.say(LINES[said]!);
      await delay(Math.min(CHAT_EVERY_MS, Math.max(0, end - Date.now())), undefined, { signal }).catch(() => undefined);
    }
  } finally {
    chat?.close();
    await encoder?.stop();
  }
}

async function finish(api: DemoApi, stream: Stream, tell: (text: string) => void, signal: AbortSignal): Promise<Vod> {
  await api.put(`/streams/${stream.id}`, { status: 'ended' });
  tell('ended; the segments are joined to one video');
  const vod = await until(async () => (await api.get<{ items: Vod[] }>(`/vod?stream_id=${stream.id}`)).items.find(({ status }) => FINAL.includes(status)) ?? null, signal);
  if (!vod) throw new StartError('No video came of it in time: see GET /vod, and the workflow ingestVod in the Temporal UI.');
  return vod;
}

async function play(target: DemoTarget, stopped: AbortSignal): Promise<boolean> {
  const api = new DemoApi(target.apiUrl);
  const person = await register(api);
  const began = Date.now();
  const seconds = (): string => ((Date.now() - began) / 1_000).toFixed(1);
  let screen: Screen | null = openScreen(process.stdout, () => `${seconds()} s`);
  try {
    const tell = (text: string): void => screen?.line(`  ${seconds().padStart(5)} s  ${text}`);
    const stream = await api.post<Stream>('/streams', { title: 'A test picture', description: 'npm run demo:stream', record: true });
    tell(`made stream ${stream.id}; its key is shown once`);
    await broadcast(api, stream, tell, stopped);
    const vod = await finish(api, stream, tell, stopped);
    const { items: replay } = await api.get<{ items: unknown[] }>(`/vod/${vod.id}/chat?from_ms=0`);
    screen.close();
    screen = null;
    summarise(api.baseUrl, stream, vod, replay.length);
    const where = target.isOurs ? 'Look around with npm start' : 'Look around';
    console.log(`${where}: ${target.apiUrl}/docs, signed in as ${person.email} with password ${person.password}\n`);
    return vod.status === 'ready';
  } finally {
    screen?.close();
  }
}

function summarise(apiUrl: string, stream: Stream, vod: Vod, messages: number): void {
  const rows: [string, string][] = [
    ['Stream', `${stream.id} (${stream.urls.watch})`],
    ['Video', `${vod.status}${vod.status_reason ? `: ${vod.status_reason}` : ''}, ${((vod.duration_ms ?? 0) / 1_000).toFixed(1)} s, ${vod.width}x${vod.height}, ${((vod.size_bytes ?? 0) / 1e6).toFixed(1)} MB`],
    ['Made of', `${vod.segments_total} segments, ${vod.segments_lost} lost, ${vod.gaps.length} gaps`],
    ['Chat', `${messages} messages, replayed in step with it`],
    ['Play it', `${apiUrl}/vod/${vod.id}/play`],
  ];
  console.log(`\nSummary\n\n${rows.map(([name, value]) => `  ${name.padEnd(10)}${value}`).join('\n')}\n`);
}

runDemo({
  find: () => Promise.resolve({ needsBroker: false }),
  play,
  failure: 'The video is not whole: the reason is above, and more is in the logs below .data/logs.',
});
