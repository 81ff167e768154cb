import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { openDb, type DbHandle } from '../../db/client.ts';
import { migrateToLatest } from '../../db/migrate.ts';

/** The server on which tests make their databases; set by the global set-up. */
export function testDatabaseServer(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('TEST_DATABASE_URL is not set: integration tests run through npm test, whose global set-up boots PostgreSQL.');
  return url;
}

export interface TestDatabase extends DbHandle {
  url: string;
  /** Closes the connections and drops the database. */
  drop(): Promise<void>;
}

/** A fresh, migrated database of its own. */
export async function createTestDatabase(max = 10): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await onServer((client) => client.query(`create database ${name}`));
  const url = new URL(testDatabaseServer());
  url.pathname = `/${name}`;
  const handle = openDb({ url: url.href, max, name: 'test' });
  await migrateToLatest(handle.db);
  return {
    ...handle,
    url: url.href,
    drop: async () => {
      await handle.close();
      await onServer((client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}

async function onServer(run: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: testDatabaseServer() });
  await client.connect();
  try {
    await run(client);
  } finally {
    await client.end();
  }
}
