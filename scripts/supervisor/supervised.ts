import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { isReadyMessage } from '../../config/lifecycle.ts';
import { ChildOutput } from './output.ts';
import { StartError } from './start-error.ts';

export interface ProcessSpec {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  logPath: string;
  uid?: number;
  gid?: number;
  cwd?: string;
  /** Asks whether it answers, until it resolves. Absent: the process says so itself, by announceReady of config/lifecycle. */
  probe?: () => Promise<void>;
  readyTimeoutMs: number;
  stopSignal: NodeJS.Signals;
  /** What follows when it does not end within `stopTimeoutMs`. */
  killSignal: NodeJS.Signals;
  stopTimeoutMs: number;
  /** Those of a higher number end before those of a lower one begin to. */
  stopOrder: number;
}

/** What uses another thing ends before it. */
export const STOP_ORDER = { service: 0, sandbox: 1, role: 2 } as const;

const FIRST_BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 10_000;
/** One that lived so long starts again at once when it dies. */
const STEADY_MS = 30_000;
const PROBE_INTERVAL_MS = 50;
/** What a process printed last may arrive after the news that it ended. */
const LAST_WORDS_MS = 200;

export interface SupervisedOptions {
  /** Prints one line for a person. */
  say: (line: string) => void;
  /** A process group of its own: Ctrl-C then reaches the supervisor alone, and things end in order. */
  ownGroup: boolean;
  /** Called with every process that is started, the first and each later one. */
  onSpawn?: () => void;
}

/**
 * A process that is to be there until stop(): started, waited for, and started again when it dies — at once the first time,
 * then with a growing wait.
 */
export class Supervised {
  readonly spec: ProcessSpec;
  readonly #options: SupervisedOptions;
  readonly #output: ChildOutput;
  #child: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | null = null;
  #wake = new AbortController();
  #url: string | undefined;

  constructor(spec: ProcessSpec, options: SupervisedOptions) {
    this.spec = spec;
    this.#options = options;
    this.#output = new ChildOutput(spec.logPath, (line) => options.say(`${spec.name}: ${line}`), spec.probe !== undefined);
  }

  /** @throws StartError with the last lines of its output when it does not become ready; nothing of it is then left */
  async start(): Promise<void> {
    try {
      await this.#spawnUntilReady();
    } catch (error) {
      await this.stop();
      throw error;
    }
    void this.#keepAlive();
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** What the process said when it became ready. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Ends the process, within the spec's time-out and a second. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<void> {
    this.#wake.abort();
    await this.#endChild();
    this.#output.file.close();
  }

  async #endChild(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.kill(this.spec.stopSignal);
    const timer = setTimeout(() => child.kill(this.spec.killSignal), this.spec.stopTimeoutMs);
    const lastResort = setTimeout(() => child.kill('SIGKILL'), this.spec.stopTimeoutMs + 3_000);
    await this.#exited;
    clearTimeout(timer);
    clearTimeout(lastResort);
  }

  async #keepAlive(): Promise<void> {
    let failures = 0;
    for (;;) {
      const since = Date.now();
      await this.#exited;
      if (this.#stopping) return;
      if (Date.now() - since >= STEADY_MS) failures = 0;
      const wait = failures === 0 ? 0 : Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS);
      failures += 1;
      this.#options.say(`${this.spec.name} ended unexpectedly; starting it again${wait > 0 ? ` in ${wait / 1_000} s` : ''} (its log: ${this.#output.file.path})`);
      await delay(wait, undefined, { signal: this.#wake.signal }).catch(() => undefined);
      if (this.#stopping) return;
      try {
        await this.#spawnUntilReady();
        this.#options.say(`${this.spec.name} is back`);
      } catch (error) {
        if (this.#stopping) return;
        this.#options.say((error as Error).message);
        await this.#endChild();
      }
    }
  }

  async #spawnUntilReady(): Promise<void> {
    if (this.#stopping) throw new StartError(`${this.spec.name} was not started: everything is ending.`);
    const child = this.#spawn();
    const timeout = new AbortController();
    const late = delay(this.spec.readyTimeoutMs, 'late' as const, { signal: timeout.signal }).catch(() => 'late' as const);
    const gone = this.#exited.then(() => 'gone' as const);
    const outcome = await Promise.race([this.#ready(child, timeout.signal), gone, late]);
    timeout.abort();
    if (outcome === 'ready') return;
    await Promise.race([new Promise((resolve) => child.stderr?.once('close', resolve)), delay(LAST_WORDS_MS)]);
    const what = outcome === 'gone' ? 'ended while it started' : `was not ready within ${this.spec.readyTimeoutMs / 1_000} s`;
    throw new StartError([`${this.spec.name} ${what}; its last words (${this.#output.file.path}):`, ...this.#output.lastLines().map((line) => `  ${line}`)].join('\n'));
  }

  #spawn(): ChildProcess {
    const { command, args, env, uid, gid, cwd, probe } = this.spec;
    const child = spawn(command, args, {
      env,
      detached: this.#options.ownGroup,
      stdio: ['ignore', 'pipe', 'pipe', ...(probe ? [] : ['ipc' as const])],
      ...(uid === undefined ? {} : { uid, gid }),
      ...(cwd === undefined ? {} : { cwd }),
    });
    child.stdout?.on('data', (chunk: Buffer) => this.#output.take(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.#output.take(chunk));
    this.#child = child;
    this.#options.onSpawn?.();
    this.#exited = new Promise((resolve) => {
      const done = (): void => {
        if (this.#child === child) this.#child = null;
        resolve();
      };
      child.once('exit', done);
      child.once('error', (error) => {
        this.#output.take(Buffer.from(`${error.message}\n`));
        if (child.pid === undefined) done();
      });
    });
    return child;
  }

  async #ready(child: ChildProcess, signal: AbortSignal): Promise<'ready'> {
    const { probe } = this.spec;
    if (!probe) {
      return new Promise((resolve) => {
        child.on('message', (message) => {
          if (!isReadyMessage(message)) return;
          this.#url = message.url;
          resolve('ready');
        });
      });
    }
    while (!signal.aborted) {
      try {
        await probe();
        return 'ready';
      } catch {
        await delay(PROBE_INTERVAL_MS);
      }
    }
    return new Promise(() => undefined);
  }
}
