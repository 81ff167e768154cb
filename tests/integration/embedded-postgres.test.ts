import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { startPostgres, type EmbeddedPostgres } from '../../scripts/embedded/postgres.ts';
import { freePort, removeDataDir } from '../helpers/start.ts';

let folder: string;
const said: string[] = [];

beforeEach(() => {
  // Private, as a clone below /root is: another account can't enter it.
  folder = mkdtempSync(join(tmpdir(), 'showrunner-private-'));
});
afterEach(() => removeDataDir(folder));

const start = async (): Promise<EmbeddedPostgres> => startPostgres({ dataDir: folder, logDir: folder, port: await freePort(), throwaway: true, say: (line) => said.push(line) });

async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the embedded PostgreSQL', () => {
  test('runs as whoever we are, also in a private folder, with a password, in UTF-8, and keeps its data', async () => {
    const first = await start();
    await query(first.url, "create table kept as select 'Ünïcödé' as word");
    expect(await query(first.url, 'select upper(word) as word from kept')).toEqual([{ word: 'ÜNÏCÖDÉ' }]);
    const stranger = new URL(first.url);
    stranger.password = 'guess';
    await expect(query(stranger.href, 'select 1')).rejects.toThrow(/password/);
    await first.process.stop();

    const second = await start();
    expect(await query(second.url, 'select word from kept')).toEqual([{ word: 'Ünïcödé' }]);
    await second.process.stop();
  });
});
