import mqtt, { type MqttClient } from 'mqtt';
import { ApiClient, controlOf } from '../tests/helpers/api-client.ts';
import { Product } from '../tests/helpers/product.ts';
import { benchEnvironment } from './lib/environment.ts';
import { summarise, type Summary } from './lib/latencies.ts';
import { NODE_RED_VERSION, startNodeRed } from './lib/node-red.ts';
import { machineFacts, printTable } from './lib/report.ts';
import { activateRules, connectRoom } from './lib/show.ts';

/**
 * Event sent by the sandbox → MQTT message at a subscriber, ours and Node-RED's in one run on the same load; 10 % of the
 * events match. Ours commits event and execution before the action goes out; Node-RED keeps nothing.
 * Usage: npm run bench:latency -- [--seconds 20]
 */
const SECONDS = Number(process.argv[process.argv.indexOf('--seconds') + 1] ?? 20) || 20;
const LOADS = [
  { events_per_second: 500, events_per_frame: 1 },
  { events_per_second: 4_000, events_per_frame: 10 },
] as const;
const MIX = { comment: 60, like: 15, join: 15, share: 10 };

type Load = (typeof LOADS)[number];
type Control = ReturnType<typeof controlOf>;

async function main(): Promise<void> {
  const environment = await benchEnvironment();
  const product = await Product.start({ ...environment, env: { LOG_LEVEL: 'warn' } });
  const subscriber = await mqtt.connectAsync(environment.mqttUrl);
  try {
    const rows: (string | number)[][] = [];
    for (const load of LOADS) {
      rows.push(row('Showrunner', load, await ours(product, subscriber, load)));
      rows.push(row(`Node-RED ${NODE_RED_VERSION}`, load, await theirs(product, environment.mqttUrl, subscriber, load)));
    }
    console.log(`\n${machineFacts()}\n${environment.described}`);
    console.log(`Method: clock of the event as sent → arrival at an MQTT subscriber (QoS 1), ${SECONDS} s after a warm-up of 3 s, 10 % of the events match; all processes on this machine.`);
    printTable(['', 'events/s', 'per frame', 'matching', 'arrived', 'p50 ms', 'p99 ms', 'max ms'], rows);
  } finally {
    await subscriber.endAsync();
    await product.stop();
    await environment.close();
  }
}

const row = (who: string, load: Load, { expected, summary }: Measured): (string | number)[] => [
  who,
  load.events_per_second,
  load.events_per_frame,
  expected,
  summary.count,
  summary.p50,
  summary.p99,
  summary.max,
];

interface Measured {
  expected: number;
  summary: Summary;
}

async function ours(product: Product, subscriber: MqttClient, load: Load): Promise<Measured> {
  const control = controlOf(product.sandboxUrl);
  const room = `ours${load.events_per_second}`;
  const topic = `bench/${room}`;
  await control.post('/rooms', { name: room });
  const api = await ApiClient.register(product.apiUrl);
  const device = await api.post<{ id: string }>('/api/devices', {
    name: 'Lamp',
    kind: 'mqtt',
    config: { preset: 'custom', command_topic: topic, qos: 1, payload: { id: '{{params.id}}', at: '{{params.at}}' } },
  });
  await activateRules(api, [
    {
      name: 'Share',
      event_type: 'share',
      conditions: [{ field: 'username', operator: '!=', value: 'nobody', order: 0 }],
      actions: [{ action_type: 'device_control', order: 0, config: { device_id: device.id, command: 'ON', params: { id: '{{msg_id}}', at: '{{occurred_at}}' } } }],
    },
  ]);
  const livestream = await connectRoom(api, room);
  const measured = await measure(control, room, subscriber, topic, load);
  await api.post(`/api/livestreams/${livestream}/disconnect`);
  return measured;
}

async function theirs(product: Product, mqttUrl: string, subscriber: MqttClient, load: Load): Promise<Measured> {
  const control = controlOf(product.sandboxUrl);
  const room = `theirs${load.events_per_second}`;
  const topic = `bench/${room}`;
  await control.post('/rooms', { name: room });
  await subscriber.subscribeAsync(topic, { qos: 1 });
  const ready = new Promise<void>((resolve) => {
    subscriber.on('message', (name, payload) => name === topic && payload.toString() === 'ready' && resolve());
  });
  const nodeRed = await startNodeRed(product.sandboxUrl, room, mqttUrl, topic);
  try {
    await Promise.race([ready, timeout(60_000, 'Node-RED did not connect')]);
    return await measure(control, room, subscriber, topic, load);
  } finally {
    await nodeRed.stop();
  }
}

async function measure(control: Control, room: string, subscriber: MqttClient, topic: string, load: Load): Promise<Measured> {
  const latencies = new Map<string, number>();
  const listen = (name: string, payload: Buffer): void => {
    if (name !== topic || payload[0] !== 0x7b) return;
    const now = Date.now();
    const { id, at } = JSON.parse(payload.toString()) as { id: string; at: string };
    if (!latencies.has(id)) latencies.set(id, now - Date.parse(at));
  };
  await subscriber.subscribeAsync(topic, { qos: 1 });
  subscriber.on('message', listen);
  await run(control, room, { ...load, duration_s: 3 });
  await settled(latencies);
  latencies.clear();
  const { shares } = await run(control, room, { ...load, duration_s: SECONDS });
  await settled(latencies);
  subscriber.off('message', listen);
  return { expected: shares, summary: summarise([...latencies.values()]) };
}

async function run(control: Control, room: string, load: object): Promise<{ shares: number }> {
  await control.post(`/rooms/${room}/load`, { ...load, mix: MIX });
  while (true) {
    const state = await control.get<{ running: boolean; totals: { total_shares: number } }>(`/rooms/${room}/load`);
    if (!state.running) return { shares: state.totals.total_shares };
    await pause(200);
  }
}

/** Waits until nothing has arrived for two seconds. */
async function settled(latencies: ReadonlyMap<string, number>): Promise<void> {
  for (let before = -1; before !== latencies.size; await pause(2_000)) before = latencies.size;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const timeout = (ms: number, message: string): Promise<never> => new Promise((_, reject) => setTimeout(() => reject(new Error(message)), ms).unref());

await main();
