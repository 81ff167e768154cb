import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isAlive } from '../supervisor/process-info.ts';
import { StartError } from '../supervisor/start-error.ts';

/** Later tags of the CLI have a `replace` line, which go install refuses. */
const GO_PACKAGE = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
const DOWNLOAD_TIMEOUT_MS = 180_000;
const BUILD_TIMEOUT_MS = 30 * 60_000;
const PROGRESS_MS = 15_000;

export interface BinaryOptions {
  /** TEMPORAL_CLI_PATH. */
  given?: string | undefined;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
}

const executable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

/** Outlives a clone: what took minutes to get is kept for all of the user's clones. */
const cacheDir = (env: NodeJS.ProcessEnv): string => join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'showrunner', 'bin');

/**
 * Finds the `temporal` command: TEMPORAL_CLI_PATH, PATH, the user's cache; where it is nowhere, gets it into the cache by the
 * Temporal SDK's own download, else by building it with Go.
 * @throws StartError that says what to do
 */
export async function temporalBinary({ given, env, say }: BinaryOptions): Promise<string> {
  if (given) {
    if (executable(given)) return given;
    throw new StartError(`TEMPORAL_CLI_PATH names ${given}, which is not an executable file.`);
  }
  const cached = join(cacheDir(env), 'temporal');
  const onPath = (env.PATH ?? '').split(delimiter).filter(Boolean).map((dir) => join(dir, 'temporal'));
  const found = [...onPath, cached].find(executable);
  if (found) return found;
  mkdirSync(dirname(cached), { recursive: true });
  const unlock = await waitForTurn(join(dirname(cached), 'temporal.lock'), say);
  try {
    if (!executable(cached)) await obtain(cached, env, say);
    return cached;
  } finally {
    unlock();
  }
}

/** Two starts at once would both build for minutes: the second waits for the first. */
async function waitForTurn(file: string, say: (line: string) => void): Promise<() => void> {
  let said = false;
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!holderLives(file)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!said) say('Temporal: another start is getting the server binary; waiting for it');
    said = true;
    await delay(500);
  }
}

function holderLives(file: string): boolean {
  try {
    return isAlive(Number(readFileSync(file, 'utf8')));
  } catch {
    return false;
  }
}

async function obtain(target: string, env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<void> {
  const failures: string[] = [];
  for (const [name, get] of [['download', download], ['go install', build]] as const) {
    const work = mkdtempSync(join(dirname(target), 'get-'));
    try {
      renameSync(await get(work, env, say), target);
      say(`Temporal: the server binary is in ${target}, for all later starts`);
      return;
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message}`);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  throw new StartError(
    [
      'No Temporal server could be had. Any one of these helps:',
      '  - set TEMPORAL_ADDRESS to a Temporal server that runs',
      '  - install the Temporal CLI (https://docs.temporal.io/cli) or set TEMPORAL_CLI_PATH',
      '  - install Go 1.24 or newer; the binary is then built once',
      'What was tried:',
      ...failures.map((failure) => `  - ${failure}`),
    ].join('\n'),
  );
}

async function download(work: string, env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<string> {
  say('Temporal: no server binary on this machine; asking the SDK to download one');
  const script = fileURLToPath(new URL('./temporal-download.ts', import.meta.url));
  await run(process.execPath, ['--import', import.meta.resolve('tsx'), script, work], { env, timeoutMs: DOWNLOAD_TIMEOUT_MS, progress: 'downloading', say });
  const largest = readdirSync(work)
    .map((name) => join(work, name))
    .filter(executable)
    .sort((a, b) => statSync(b).size - statSync(a).size)[0];
  if (!largest) throw new Error('the SDK left no binary');
  return largest;
}

async function build(work: string, env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<string> {
  say(`Temporal: building the server with "go install ${GO_PACKAGE}": about 5 minutes, once for this machine`);
  await run('go', ['install', GO_PACKAGE], { env: { ...env, GOBIN: work, GOFLAGS: '', CGO_ENABLED: '0' }, timeoutMs: BUILD_TIMEOUT_MS, progress: 'building', say });
  return join(work, process.platform === 'win32' ? 'temporal.exe' : 'temporal');
}

interface RunOptions {
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  progress: string;
  say: (line: string) => void;
}

/** Runs a command to its end and tells every few seconds that it still runs. Rejects with the last thing it said. */
function run(command: string, args: string[], { env, timeoutMs, progress, say }: RunOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const since = Date.now();
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    let last = '';
    child.stderr.on('data', (chunk: Buffer) => (last = (last + chunk.toString('utf8')).slice(-2_000)));
    const ticker = setInterval(() => say(`Temporal: still ${progress} (${Math.round((Date.now() - since) / 1_000)} s)`), PROGRESS_MS);
    const timer = setTimeout(end, timeoutMs);
    const finish = (error?: Error): void => {
      clearInterval(ticker);
      clearTimeout(timer);
      process.off('exit', end);
      if (error) reject(error);
      else resolve();
    };
    child.once('error', (error) => finish(new Error((error as NodeJS.ErrnoException).code === 'ENOENT' ? `${command} is not installed` : error.message)));
    child.once('close', (code, signal) => {
      if (code === 0) finish();
      else finish(new Error(last.trim().split('\n').at(-1) || `ended with ${signal ?? code}`));
    });
  });
}
