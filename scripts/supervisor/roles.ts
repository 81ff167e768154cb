import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROLES, type Role } from '../../domain/names.ts';
import type { Fleet } from './fleet.ts';
import { STOP_ORDER, type ProcessSpec, type Supervised } from './supervised.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface RoleOptions {
  fleet: Fleet;
  logDir: string;
  env: NodeJS.ProcessEnv;
}

function spec(name: string, slug: string, args: string[], { logDir, env }: RoleOptions): ProcessSpec {
  return {
    name,
    command: process.execPath,
    args: ['--import', import.meta.resolve('tsx'), ...args],
    cwd: ROOT,
    env,
    logPath: join(logDir, `${slug}.log`),
    readyTimeoutMs: 120_000,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    stopTimeoutMs: 35_000,
    stopOrder: STOP_ORDER.role,
  };
}

/** @returns where the sandbox answers */
export async function startSandbox(options: RoleOptions, port: number): Promise<string> {
  const sandbox = await options.fleet.run({ ...spec('sandbox', 'sandbox', [join(ROOT, 'sandbox/main.ts'), String(port)], options), stopTimeoutMs: 5_000, stopOrder: STOP_ORDER.sandbox });
  return sandbox.url ?? `http://127.0.0.1:${port}`;
}

/** One worker of a role. Its slot stays the same when it is started again, so that it takes over at once what it held. */
export function startWorker(role: Role, options: RoleOptions): Promise<Supervised> {
  const env = { ...options.env, WORKER_SLOT: `${options.env.WORKER_SLOT ?? 'local'}-${role}-1`, ...metricsPort(options.env.METRICS_PORT, role) };
  return options.fleet.run(spec(`worker ${role}`, `worker-${role}`, [join(ROOT, 'workers/main.ts'), role], { ...options, env }));
}

/** On one machine each role needs a port of its own: the first takes METRICS_PORT, the others those after it. */
export function metricsPort(given: string | undefined, role: Role): { METRICS_PORT?: string } {
  const first = Number(given || 0);
  return first === 0 ? {} : { METRICS_PORT: String(first + ROLES.indexOf(role)) };
}

export function startApi(options: RoleOptions): Promise<Supervised> {
  return options.fleet.run({ ...spec('api', 'api', [join(ROOT, 'api/main.ts')], options), stopTimeoutMs: 12_000 });
}
