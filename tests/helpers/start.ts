import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandLine } from '../../scripts/supervisor/process-info.ts';
import { readRunning, type Running } from '../../scripts/supervisor/running.ts';
import { eventually } from './eventually.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const UP = 'Showrunner is up.';
/** What would make a start use something else than its own embedded parts. */
const NOT_FOR_IT = /^(DATABASE_URL|TEMPORAL_ADDRESS|MQTT_URL|REDIS_URL|TIKTOK_.*|PORT|HOST|NODE_ENV|WORKER_SLOT|JWT_SECRET|TOKEN_ENCRYPTION_KEY|MEDIA_.*|MEDIASOUP_WORKER_BIN|RTMP_.*|FFMPEG_PATH|npm_.*)$/;

/** `npm start` as a person runs it, in a process group of its own, as in a terminal. */
export class Start {
  readonly dataDir: string;
  readonly #child: ChildProcess;
  #output = '';
  /** Its output has no writer any more: npm may end before what it started. */
  #closed = false;

  constructor(dataDir: string, env: Record<string, string>) {
    this.dataDir = dataDir;
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_FOR_IT.test(name)));
    this.#child = spawn('npm', ['start'], { cwd: ROOT, env: { ...clean, DATA_DIR: dataDir, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#child.once('close', () => (this.#closed = true));
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString('utf8')));
  }

  get output(): string {
    return this.#output;
  }

  get ended(): boolean {
    return this.#closed;
  }

  async up(): Promise<Running> {
    await eventually(() => this.ended || this.#output.includes(UP), { timeoutMs: 150_000, intervalMs: 100 });
    const running = readRunning(this.dataDir);
    if (this.ended || !running) throw new Error(`npm start did not come up:\n${this.#output}`);
    return running;
  }

  /** @param whom the whole group, as the terminal's Ctrl-C does, or npm alone. Resolves with the exit code when all of it is gone. */
  async end(signal: NodeJS.Signals, whom: 'group' | 'npm' = 'group'): Promise<number | null> {
    if (!this.ended) process.kill(whom === 'group' ? -this.#child.pid! : this.#child.pid!, signal);
    return this.exit();
  }

  async exit(): Promise<number | null> {
    if (!this.ended) await once(this.#child, 'close');
    return this.#child.exitCode;
  }
}

/** Those of the processes that are still there, by pid and command line. */
export const survivors = ({ processes }: Running): string[] =>
  processes.filter(({ pid, command }) => commandLine(pid)?.includes(command)).map(({ name }) => name);

/** A data folder, and what lies elsewhere because PostgreSQL's account may not enter it. */
export function removeDataDir(dataDir: string): void {
  const note = join(dataDir, 'postgres.json');
  if (existsSync(note)) rmSync((JSON.parse(readFileSync(note, 'utf8')) as { folder: string }).folder, { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
}

/** Below those that the system gives to who asks for any: it is still free when whatever needs it has started. */
const PORTS = { first: 20_000, count: 12_000 };
let tried = process.pid * 101;

/** A port that nobody has, nor is given by the system; processes begin to look at different ones. */
export async function freePort(): Promise<number> {
  for (let left = PORTS.count; left > 0; left--) {
    const port = PORTS.first + (tried++ % PORTS.count);
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
}
