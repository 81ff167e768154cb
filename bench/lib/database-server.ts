import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../scripts/embedded/postgres.ts';
import { PortBook } from '../../scripts/supervisor/ports.ts';

export interface DatabaseServer {
  url: string;
  /** Behind its version, in a table's method. */
  described: string;
  close: () => Promise<void>;
}

/** That of DATABASE_URL; else an embedded one with its defaults. */
export async function databaseServer(say: (line: string) => void): Promise<DatabaseServer> {
  const given = process.env.DATABASE_URL;
  if (given) return { url: given, described: '', close: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), 'showrunner-bench-'));
  const postgres = await startPostgres({ dataDir: folder, logDir: folder, port: await new PortBook(join(folder, 'ports.json')).take('postgres', 54_320), say });
  return {
    url: postgres.url,
    described: ' (embedded)',
    close: async () => {
      await postgres.process.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
