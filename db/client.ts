import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Database } from './schema.ts';

const INT8 = 20;

/** Our bigints are counters and positions below 2^53; TikTok's 64-bit ids are text columns. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === INT8 ? (value: string) => Number(value) : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

export interface DbOptions {
  url: string;
  /** Most connections at once. */
  max?: number;
  /** Shown in pg_stat_activity. */
  name?: string;
  /** Called when an idle connection breaks: the pool makes a new one, the process must live on. */
  onError?: (error: Error) => void;
}

export type Db = Kysely<Database>;

export interface DbHandle {
  db: Db;
  /** For statements that Kysely would only slow down (the event batch) and for LISTEN. */
  pool: pg.Pool;
  close(): Promise<void>;
}

export function openDb({ url, max = 10, name = 'showrunner', onError = () => undefined }: DbOptions): DbHandle {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: name,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types,
  });
  pool.on('error', onError);
  // The pool listens to idle connections only: one that breaks between two statements of a transaction would end the process.
  pool.on('connect', (client) => client.on('error', onError));
  // Our statements are short: compiling one (where its estimate is high, as with many small look-ups) takes ten times as long as running it.
  pool.on('connect', (client) => void client.query('set jit = off').catch(onError));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  return { db, pool, close: () => db.destroy() };
}
