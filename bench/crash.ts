import mqtt from 'mqtt';
import pg from 'pg';
import { ApiClient, controlOf } from '../tests/helpers/api-client.ts';
import { Product } from '../tests/helpers/product.ts';
import { benchEnvironment } from './lib/environment.ts';
import { percentile } from './lib/latencies.ts';
import { machineFacts, printTable } from './lib/report.ts';
import { activateRules, connectRoom } from './lib/show.ts';

/**
 * kill -9 of the worker that consumes, again and again under load, started again at once as `npm start` does: are events or
 * actions lost or doubled, and how long do actions pause?
 * Usage: npm run bench:crash -- [--kills 20] [--rate 200]
 */
const number = (name: string, fallback: number): number => Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) || fallback;
const KILLS = number('kills', 20);
const RATE = number('rate', 200);
const MIX = { comment: 60, like: 15, join: 15, share: 10 };
const EVERY_MS = 6_000;

interface Arrival {
  at: number;
  key: string;
}

async function main(): Promise<void> {
  const environment = await benchEnvironment();
  const product = await Product.start({ ...environment, env: { LOG_LEVEL: 'warn' } });
  const database = new pg.Pool({ connectionString: environment.databaseUrl });
  const subscriber = await mqtt.connectAsync(environment.mqttUrl, { protocolVersion: await protocolOf(environment.mqttUrl) });
  const topic = `bench/crash-${process.pid}`;
  const arrivals = new Map<string, Arrival[]>();
  try {
    await subscriber.subscribeAsync(topic, { qos: 1 });
    subscriber.on('message', (_topic, payload) => {
      const { id, key } = JSON.parse(payload.toString()) as { id: string; key: string };
      arrivals.set(id, [...(arrivals.get(id) ?? []), { at: Date.now(), key }]);
    });
    const control = controlOf(product.sandboxUrl);
    await control.post('/rooms', { name: 'crash', history: 0, log_size: 50_000 });
    const api = await ApiClient.register(product.apiUrl);
    const device = await api.post<{ id: string }>('/api/devices', {
      name: 'Lamp',
      kind: 'mqtt',
      config: { preset: 'custom', command_topic: topic, qos: 1, payload: { id: '{{params.id}}' }, idempotency_field: 'key' },
    });
    await activateRules(api, [
      {
        name: 'Share',
        event_type: 'share',
        conditions: [],
        actions: [{ action_type: 'device_control', order: 0, config: { device_id: device.id, command: 'ON', params: { id: '{{msg_id}}' } } }],
      },
    ]);
    const livestream = await connectRoom(api, 'crash');
    const baseline = Number((await database.query('select total_events from livestreams where id = $1', [livestream])).rows[0].total_events);
    await control.post('/rooms/crash/load', { events_per_second: RATE, events_per_frame: 1, mix: MIX, duration_s: (EVERY_MS * KILLS) / 1000 + 5 });
    const kills: number[] = [];
    await pause(3_000);
    for (let i = 0; i < KILLS; i++) {
      await product.kill('live');
      kills.push(Date.now());
      const started = Date.now();
      await product.spawn('live');
      console.error(`kill ${i + 1}/${KILLS}: worker ready again after ${Date.now() - started} ms`);
      await pause(Math.max(0, EVERY_MS - (Date.now() - started)));
    }
    const sent = await finished(control);
    await settled(database, livestream);
    const stored = await database.query<{ events: string; doubled: string; shares: string }>(
      `select count(*) filter (where type not in ('connect', 'disconnect')) as events, count(*) - count(distinct msg_id) as doubled,
         count(*) filter (where type = 'share') as shares from events where livestream_id = $1`,
      [livestream],
    );
    const row = stored.rows[0]!;
    const all = [...arrivals.values()];
    const times = all.flat().map(({ at }) => at).sort((a, b) => a - b);
    const pauses = kills.map((kill) => (times.find((at) => at > kill + 50) ?? Number.NaN) - kill).sort((a, b) => a - b);
    console.log(`\n${machineFacts()}\n${environment.described}`);
    console.log(`Method: ${RATE} events/s, 10 % fire an MQTT command; kill -9 of the consuming worker every ${EVERY_MS / 1000} s, ${KILLS} times; it is started again at once.`);
    printTable(
      ['', 'sent', 'stored / arrived', 'lost', 'doubled'],
      [
        ['events', sent.total_events, row.events, sent.total_events - Number(row.events), row.doubled],
        ['actions', sent.total_shares, arrivals.size, sent.total_shares - arrivals.size, all.filter((each) => each.length > 1).length],
      ],
    );
    console.log(`Doubled actions with another idempotency key than the first: ${all.filter((each) => new Set(each.map(({ key }) => key)).size > 1).length}`);
    console.log(`Pause in actions after a kill: p50 ${percentile(pauses, 0.5)} ms, max ${pauses.at(-1)} ms (events before: ${baseline})`);
  } finally {
    await subscriber.endAsync();
    await database.end();
    await product.stop();
    await environment.close();
  }
}

async function protocolOf(url: string): Promise<4 | 5> {
  try {
    const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 3_000 });
    await client.endAsync();
    return 5;
  } catch {
    return 4;
  }
}

async function finished(control: ReturnType<typeof controlOf>): Promise<{ total_events: number; total_shares: number }> {
  while (true) {
    const state = await control.get<{ running: boolean; totals: { total_events: number; total_shares: number } }>('/rooms/crash/load');
    if (!state.running) return state.totals;
    await pause(200);
  }
}

/** Waits until neither events nor open actions have moved for five seconds. */
async function settled(database: pg.Pool, livestream: string): Promise<void> {
  for (let before = ''; ; await pause(5_000)) {
    const { rows } = await database.query(
      `select (select total_events from livestreams where id = $1) as events,
         (select count(*) from execution_actions where livestream_id = $1 and status in ('pending', 'retrying')) as open`,
      [livestream],
    );
    const now = JSON.stringify(rows[0]);
    if (now === before) return;
    before = now;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

await main();
