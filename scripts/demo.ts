import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DemoApi } from './demo/api.ts';
import { followEvents, type StreamedEvent } from './demo/event-source.ts';
import { receiveWebhooks, subscribeLamp } from './demo/listeners.ts';
import { clearTheScene, DIAMONDS, ROOM, setTheScene, type Scene } from './demo/scene.ts';
import { runDemo } from './demo/run-demo.ts';
import { openScreen, type Screen } from './demo/screen.ts';
import { Tally } from './demo/tally.ts';
import type { DemoTarget } from './demo/target.ts';
import { StartError } from './supervisor/start-error.ts';

const POLL_MS = 1_000;
/** What is under way when the time is up may still arrive. */
const LAST_ARRIVALS_MS = 500;

function secondsFromArguments(): number {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' } } });
  const seconds = Number(values.seconds);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3_600) throw new StartError('--seconds: a whole number from 1 to 3600.');
  return seconds;
}

/** Shown as they come; the rest is counted. */
function describe(event: StreamedEvent): string | null {
  const who = `@${event.username ?? 'somebody'}`;
  if (event.type === 'comment') return `  comment  ${who}: ${String(event.comment)}`;
  if (event.type === 'gift' && event.streak_status !== 'running' && event.streak_status !== 'started') {
    return `  gift     ${who} sent ${String(event.repeat_count)} × ${String(event.gift_name)} (${String(event.total_diamonds)} diamonds)`;
  }
  if (event.type === 'connect') return '  connect  the socket to the room stands';
  return null;
}

async function play(target: DemoTarget, seconds: number, stopped: AbortSignal): Promise<Tally> {
  const tally = new Tally();
  const api = new DemoApi(target.apiUrl);
  const webhooks = await receiveWebhooks(() => (tally.webhooks += 1));
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, stopped]);
  let screen: Screen | null = null;
  let lamp: { close(): Promise<void> } | null = null;
  try {
    const scene = await setTheScene(api, webhooks.url);
    console.log(`Connected to @${ROOM} of the sandbox. Rules: a gift above ${DIAMONDS} diamonds apiece switches the lamp on, a comment in English makes it blink.`);
    console.log(`The lamp listens at ${target.mqttUrl}, topic ${scene.topic}.\n`);
    const until = Date.now() + seconds * 1_000;
    const shown = (screen = openScreen(process.stdout, () => tally.statusLine(Math.max(0, Math.ceil((until - Date.now()) / 1_000)))));
    lamp = await subscribeLamp(target.mqttUrl, scene.topic, ({ state, why, received_at }) => {
      const at = Date.now();
      if (received_at === null) {
        tally.restores += 1;
        shown.line(`  ◂ LAMP   ${state} (kept promise)`);
        return;
      }
      const latency = Math.max(0, at - Date.parse(received_at));
      tally.latencies.push(latency);
      shown.line(`  ▸ LAMP   ${state} after ${latency} ms: ${why ?? ''}`);
    });
    const following = followEvents(api, scene.livestreamId, (event) => take(event, tally, shown), signal);
    const counting = countFired(api, scene, tally, signal);
    await delay(seconds * 1_000, undefined, { signal: stopped }).catch(() => undefined);
    await clearTheScene(api, scene);
    await delay(LAST_ARRIVALS_MS);
    done.abort();
    await Promise.all([following, counting]);
    await readFired(api, scene, tally);
    screen.close();
    screen = null;
    const where = `${target.isOurs ? 'Look around with npm start' : 'Look around'}: ${target.apiUrl}/docs`;
    console.log(`\nSummary\n\n${tally.summary()}\n\n${where}, signed in as ${scene.email} with password ${scene.password}\n`);
    return tally;
  } finally {
    done.abort();
    screen?.close();
    await Promise.all([lamp?.close(), webhooks.close()]);
  }
}

function take(event: StreamedEvent, tally: Tally, screen: Screen): void {
  if (event.type === 'notification') {
    tally.notifications += 1;
    return;
  }
  tally.event(event.type);
  const text = describe(event);
  if (text) screen.line(text);
}

async function readFired(api: DemoApi, scene: Scene, tally: Tally): Promise<void> {
  for (const { id, name } of scene.rules) {
    const { fired } = await api.get<{ fired: number }>(`/api/rules/${id}/stats`);
    tally.fired.set(name, fired);
  }
}

async function countFired(api: DemoApi, scene: Scene, tally: Tally, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await readFired(api, scene, tally);
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

let seconds = 0;
runDemo({
  // A wrong number is said before anything starts.
  find: async () => void (seconds = secondsFromArguments()),
  play: async (target, stopped) => (await play(target, seconds, stopped)).latencies.length > 0,
  failure: 'No match was delivered over MQTT: the logs below .data/logs say why.',
});
