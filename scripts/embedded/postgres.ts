import { execFile } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { commandLine, endOrphan } from '../supervisor/process-info.ts';
import { StartError } from '../supervisor/start-error.ts';
import { Fleet } from '../supervisor/fleet.ts';
import { STOP_ORDER, type Supervised } from '../supervisor/supervised.ts';
import { postgresHome, type PostgresHome } from './postgres-home.ts';

const DATABASE = 'showrunner';
/** Recovery after a power cut may take long; a start takes half a second. */
const READY_TIMEOUT_MS = 120_000;

export interface EmbeddedPostgres {
  process: Supervised;
  url: string;
}

export interface EmbeddedPostgresOptions {
  dataDir: string;
  logDir: string;
  port: number;
  /** Gives up durability for speed: for tests, whose data nobody wants back. */
  throwaway?: boolean;
  say: (line: string) => void;
  /** Ends it with everything else; absent: it stands alone. */
  fleet?: Fleet;
}

/** Boots PostgreSQL on its data below `dataDir`, making the cluster and the database `showrunner` where they are absent. */
export async function startPostgres({ dataDir, logDir, port, throwaway = false, say, fleet = new Fleet({ say }) }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = await postgresHome(dataDir, say);
  makeExecutable(home.bin);
  if (existsSync(home.data)) await endFormerStart(home.data);
  else await initialise(home);
  const url = `postgres://postgres:${home.password}@127.0.0.1:${port}/${DATABASE}`;
  const supervised = await fleet.run({
    name: 'PostgreSQL',
    command: join(home.bin, 'postgres'),
    args: ['-D', home.data, '-p', String(port), ...settings(throwaway)],
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    ...home.account,
    cwd: home.data,
    logPath: join(logDir, 'postgres.log'),
    probe: () => ensureDatabase(url),
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopSignal: 'SIGINT',
    killSignal: 'SIGQUIT',
    stopTimeoutMs: 10_000,
    stopOrder: STOP_ORDER.service,
  });
  return { process: supervised, url };
}

function settings(throwaway: boolean): string[] {
  const durability = throwaway ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : { wal_compression: 'on' };
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 100,
    shared_buffers: '128MB',
    max_wal_size: '1GB',
    wal_level: 'minimal',
    max_wal_senders: 0,
    log_min_messages: 'warning',
    ...durability,
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Archives of npm may lose the executable bit. */
function makeExecutable(bin: string): void {
  for (const name of readdirSync(bin)) {
    const { mode } = statSync(join(bin, name));
    if ((mode & 0o555) !== 0o555) chmodSync(join(bin, name), mode | 0o555);
  }
}

/** Makes the cluster beside its place and moves it there when it is whole: an interrupted initdb leaves nothing that looks like one. */
async function initialise(home: PostgresHome): Promise<void> {
  const draft = `${home.data}.new`;
  const passwordFile = `${home.data}.password`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile, home.password, { mode: 0o600 });
  if (home.account) for (const path of [draft, passwordFile]) chownSync(path, home.account.uid, home.account.gid);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const args = ['-D', draft, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--no-instructions', ...locale];
  try {
    const env = { PATH: process.env.PATH, LC_ALL: 'C' };
    await promisify(execFile)(join(home.bin, 'initdb'), args, { ...home.account, cwd: draft, env, timeout: READY_TIMEOUT_MS });
    renameSync(draft, home.data);
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new StartError(`The embedded PostgreSQL could not be set up (set DATABASE_URL to use your own): ${stderr?.trim() || message}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** A supervisor killed by -9 leaves PostgreSQL running: it is recognised by its data folder and stopped in order. */
async function endFormerStart(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (pid > 0 && commandLine(pid)?.includes(data)) await endOrphan(pid, 'SIGINT', 'SIGQUIT');
  rmSync(file, { force: true });
}

async function ensureDatabase(url: string): Promise<void> {
  const server = new URL(url);
  server.pathname = '/postgres';
  const client = new pg.Client({ connectionString: server.href, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
