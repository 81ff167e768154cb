import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openDb } from '../../db/client.ts';
import { migrateToLatest } from '../../db/migrate.ts';
import { startBroker } from '../../scripts/embedded/mqtt.ts';
import { startPostgres } from '../../scripts/embedded/postgres.ts';
import { startTemporal } from '../../scripts/embedded/temporal.ts';
import { PortBook } from '../../scripts/supervisor/ports.ts';

export interface BenchEnvironment {
  databaseUrl: string;
  temporalAddress: string;
  mqttUrl: string;
  /** What is measured against, for the table's method. */
  described: string;
  close(): Promise<void>;
}

/**
 * A fresh database, a Temporal server and a broker: DATABASE_URL, TEMPORAL_ADDRESS and MQTT_URL where they are set,
 * embedded ones (PostgreSQL with its durable defaults) elsewhere.
 */
export async function benchEnvironment(): Promise<BenchEnvironment> {
  const folder = await mkdtemp(join(tmpdir(), 'showrunner-bench-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const say = (line: string): void => console.error(line);
  const ports = new PortBook(join(folder, 'ports.json'));
  const given = process.env;

  let server = given.DATABASE_URL;
  if (!server) {
    const postgres = await startPostgres({ dataDir: folder, logDir: folder, port: await ports.take('postgres', 54_320), say });
    closers.unshift(() => postgres.process.stop());
    server = postgres.url;
  }
  const database = await freshDatabase(server);
  closers.unshift(database.drop);

  let temporalAddress = given.TEMPORAL_ADDRESS;
  if (!temporalAddress) {
    const temporal = await startTemporal({
      dataDir: folder,
      logDir: folder,
      port: await ports.take('temporal', 27_233),
      uiPort: null,
      namespace: 'default',
      binary: given.TEMPORAL_CLI_PATH,
      say,
    });
    closers.unshift(() => temporal.process.stop());
    temporalAddress = temporal.address;
  }

  let mqttUrl = given.MQTT_URL;
  if (!mqttUrl) {
    const broker = await startBroker({ logDir: folder, port: await ports.take('mqtt', 21_883), env: given, say });
    closers.unshift(() => broker.process.stop());
    mqttUrl = broker.url;
  }
  return {
    databaseUrl: database.url,
    temporalAddress,
    mqttUrl,
    described: `PostgreSQL ${database.version}${given.DATABASE_URL ? '' : ' (embedded)'}, MQTT ${given.MQTT_URL ? 'broker given by MQTT_URL' : 'aedes (embedded)'}, Temporal ${given.TEMPORAL_ADDRESS ? 'given' : 'development server'}`,
    close: async () => {
      for (const close of closers) await close();
    },
  };
}

/** A migrated database of its own on a server. */
export async function freshDatabase(server: string): Promise<{ url: string; version: string; drop: () => Promise<void> }> {
  const name = `bench_${randomBytes(4).toString('hex')}`;
  const admin = async <T>(run: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    try {
      return await run(client);
    } finally {
      await client.end();
    }
  };
  const version = await admin(async (client) => {
    await client.query(`create database ${name}`);
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]!.server_version.split(' ')[0]!;
  });
  const url = new URL(server);
  url.pathname = `/${name}`;
  const handle = openDb({ url: url.href });
  await migrateToLatest(handle.db);
  await handle.close();
  return { url: url.href, version, drop: () => admin((client) => client.query(`drop database ${name} with (force)`)).then(() => undefined) };
}
