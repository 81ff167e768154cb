import { openDb } from '../../db/client.ts';
import { migrateToLatest } from '../../db/migrate.ts';
import type { Env } from '../../config/env.ts';
import { startBroker } from '../embedded/mqtt.ts';
import { startPostgres } from '../embedded/postgres.ts';
import { startTemporal } from '../embedded/temporal.ts';
import type { Fleet } from './fleet.ts';
import { demandPort, type PortBook } from './ports.ts';
import { answers, demandAnswer, endpointOf } from './reachable.ts';

export interface Services {
  databaseUrl: string;
  temporalAddress: string;
  temporalUiUrl: string | null;
  mqttUrl: string;
}

export interface BootOptions {
  env: Env;
  dataDir: string;
  logDir: string;
  ports: PortBook;
  fleet: Fleet;
  say: (line: string) => void;
}

/** Boots, side by side, what the environment does not name; checks what it names. */
export async function bootServices(options: BootOptions): Promise<Services> {
  const [databaseUrl, temporal, mqttUrl] = await Promise.all([database(options), temporalServer(options), mqttBroker(options), rabbitmq(options)]);
  return { databaseUrl, ...temporal, mqttUrl };
}

const seconds = (since: number): string => `${((Date.now() - since) / 1_000).toFixed(1)} s`;

async function database({ env, dataDir, logDir, ports, fleet, say }: BootOptions): Promise<string> {
  const since = Date.now();
  const url = env.DATABASE_URL ?? (await startPostgres({ dataDir, logDir, port: await ports.take('postgres', 15_432), say, fleet })).url;
  if (env.DATABASE_URL) await demandAnswer(endpointOf('PostgreSQL', 'DATABASE_URL', url, 5432));
  const { db, close } = openDb({ url, max: 1, name: 'showrunner-migrate' });
  try {
    const applied = await migrateToLatest(db);
    say(`PostgreSQL   ${env.DATABASE_URL ? 'as DATABASE_URL says' : 'embedded'}, ready (${seconds(since)})${applied.length > 0 ? `; schema brought to ${applied.at(-1)}` : ''}`);
  } finally {
    await close();
  }
  return url;
}

async function temporalServer({ env, dataDir, logDir, ports, fleet, say }: BootOptions): Promise<Pick<Services, 'temporalAddress' | 'temporalUiUrl'>> {
  const since = Date.now();
  if (env.TEMPORAL_ADDRESS) {
    await demandAnswer(endpointOf('Temporal', 'TEMPORAL_ADDRESS', env.TEMPORAL_ADDRESS, 7233));
    say(`Temporal     as TEMPORAL_ADDRESS says, answers`);
    return { temporalAddress: env.TEMPORAL_ADDRESS, temporalUiUrl: env.TEMPORAL_UI_URL ?? null };
  }
  const port = await ports.take('temporal', 7233);
  const uiPort = await ports.take('temporal-ui', 8233);
  const { address, uiUrl } = await startTemporal({ dataDir, logDir, port, uiPort, namespace: env.TEMPORAL_NAMESPACE, binary: env.TEMPORAL_CLI_PATH, say, fleet });
  say(`Temporal     embedded, ready (${seconds(since)})`);
  return { temporalAddress: address, temporalUiUrl: env.TEMPORAL_UI_URL ?? uiUrl };
}

/** A broker that is away is no reason not to start: actions for it are tried until it is back. */
async function mqttBroker({ env, logDir, ports, fleet, say }: BootOptions): Promise<string> {
  const since = Date.now();
  if (env.MQTT_URL) {
    const up = await answers(endpointOf('The MQTT broker', 'MQTT_URL', env.MQTT_URL, 1883));
    say(`MQTT         as MQTT_URL says, ${up ? 'answers' : 'does not answer yet; actions for it are tried until it does'}`);
    return env.MQTT_URL;
  }
  if (env.MQTT_PORT) await demandPort('MQTT_PORT', env.MQTT_PORT);
  const port = env.MQTT_PORT || (await ports.take('mqtt', 11_883));
  const { url } = await startBroker({ logDir, port, env: process.env, say, fleet });
  say(`MQTT         embedded broker, ready (${seconds(since)})`);
  return url;
}

/** Off where it is not named; one that is away is no reason not to start: messages wait until it is back. */
async function rabbitmq({ env, say }: BootOptions): Promise<void> {
  if (!env.AMQP_URL) return;
  const up = await answers(endpointOf('RabbitMQ', 'AMQP_URL', env.AMQP_URL, env.AMQP_URL.startsWith('amqps:') ? 5671 : 5672));
  say(`RabbitMQ     as AMQP_URL says, ${up ? 'answers' : 'does not answer yet; messages wait until it does'}`);
}
