import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection, ScheduleNotFoundError } from '@temporalio/client';
import { isReadyMessage } from '../../config/lifecycle.ts';
import { scheduleIds } from '../../workers/schedules.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const COMMANDS = {
  sandbox: ['sandbox/main.ts'],
  live: ['workers/main.ts', 'live'],
  actions: ['workers/main.ts', 'actions'],
  publish: ['workers/main.ts', 'publish'],
  shop: ['workers/main.ts', 'shop'],
  media: ['workers/main.ts', 'media'],
  social: ['workers/main.ts', 'social'],
  api: ['api/main.ts'],
} as const;
export type Part = keyof typeof COMMANDS;

export interface ProductOptions {
  databaseUrl: string;
  temporalAddress: string;
  mqttUrl?: string;
  env?: Record<string, string>;
  /** Which processes; all where absent. */
  parts?: readonly Part[];
}

/** The product as separate processes, each of which can be killed and started again. */
export class Product {
  readonly #processes = new Map<Part, ChildProcess>();
  readonly #env: Record<string, string>;
  readonly logFolder: string;
  #endedBadly = false;
  apiUrl = '';
  sandboxUrl = '';

  private constructor(env: Record<string, string>, logFolder: string) {
    this.#env = env;
    this.logFolder = logFolder;
  }

  static async start({ databaseUrl, temporalAddress, mqttUrl, env = {}, parts = ['sandbox', 'live', 'actions', 'api'] }: ProductOptions): Promise<Product> {
    const product = new Product(
      {
        DATABASE_URL: databaseUrl,
        TEMPORAL_ADDRESS: temporalAddress,
        TEMPORAL_TASK_QUEUE_PREFIX: `t${process.pid}-${Math.random().toString(36).slice(2, 8)}-`,
        ...(mqttUrl ? { MQTT_URL: mqttUrl } : {}),
        PORT: '0',
        SANDBOX_PORT: '0',
        MEDIA_PORT: '0',
        RTMP_PORT: '0',
        MEDIA_RTC_PORT: '0',
        JWT_SECRET: 'test-secret-test-secret-test-secret-1',
        TOKEN_ENCRYPTION_KEY: 'ab'.repeat(32),
        ALLOW_PRIVATE_WEBHOOKS: '1',
        LOG_LEVEL: 'info',
        ...env,
      },
      await mkdtemp(join(tmpdir(), 'showrunner-product-')),
    );
    if (parts.includes('sandbox')) product.useSandbox(await product.spawn('sandbox'));
    const others = parts.filter((part) => part !== 'sandbox');
    await Promise.all(others.map((part) => product.spawn(part)));
    return product;
  }

  useSandbox(url: string): void {
    this.sandboxUrl = url;
    for (const name of ['TIKTOK_WEB_URL', 'TIKTOK_WEBCAST_URL', 'TIKTOK_SIGN_URL', 'TIKTOK_AUTH_URL', 'TIKTOK_OPEN_API_URL', 'TIKTOK_SHOP_API_URL', 'TIKTOK_SHOP_AUTH_URL']) this.#env[name] = url;
    this.#env.TIKTOK_SHOP_AUTHORIZE_URL = `${url}/open/authorize`;
  }

  /** Starts a part and waits until it says that it is ready; resolves with its URL, if it has one. */
  async spawn(part: Part): Promise<string> {
    const log = createWriteStream(join(this.logFolder, `${part}.log`), { flags: 'a' });
    const child = spawn(process.execPath, ['--import', 'tsx', ...COMMANDS[part]], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, WORKER_SLOT: `${this.#env.TEMPORAL_TASK_QUEUE_PREFIX}${part}`, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child.stdout!.pipe(log, { end: false });
    child.stderr!.pipe(log, { end: false });
    this.#processes.set(part, child);
    child.once('exit', (code, signal) => {
      log.end(`exit: ${signal ?? code}\n`);
      this.#endedBadly ||= !child.killed || (code ?? 0) !== 0;
    });
    const url = await new Promise<string>((resolve, reject) => {
      child.on('message', (message) => isReadyMessage(message) && resolve(message.url ?? ''));
      child.once('exit', (code, signal) => reject(new Error(`${part} ended before it was ready (${code ?? signal}); see ${this.logFolder}/${part}.log`)));
    });
    if (part === 'api') {
      this.apiUrl = url;
      // A restart must come back under the same address.
      this.#env.PORT = new URL(url).port;
    }
    return url;
  }

  pid(part: Part): number {
    return this.#processes.get(part)!.pid!;
  }

  /** kill -9 where no other signal is named; resolves when it is gone. */
  async kill(part: Part, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#processes.get(part);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Ends all parts and takes their Schedules away; their logs stay only where one of them ended by itself or badly. */
  async stop(): Promise<void> {
    await Promise.all((['api', 'live', 'actions', 'publish', 'shop', 'media', 'social'] as const).map((part) => this.kill(part, 'SIGTERM')));
    await this.kill('sandbox', 'SIGTERM');
    await this.#removeSchedules();
    if (!this.#endedBadly) await rm(this.logFolder, { recursive: true, force: true });
  }

  /** With no worker left they would go on starting workflows on the Temporal server that all tests share. */
  async #removeSchedules(): Promise<void> {
    const connection = await Connection.connect({ address: this.#env.TEMPORAL_ADDRESS });
    const { schedule } = new Client({ connection });
    const removed = scheduleIds(this.#env.TEMPORAL_TASK_QUEUE_PREFIX!).map((id) =>
      schedule
        .getHandle(id)
        .delete()
        .catch((error: unknown) => {
          if (!(error instanceof ScheduleNotFoundError)) throw error;
        }),
    );
    await Promise.all(removed);
    await connection.close();
  }
}
