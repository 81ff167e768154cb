import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onShutdown } from '../../config/lifecycle.ts';
import { startPostgres } from '../../scripts/embedded/postgres.ts';
import { startTemporal } from '../../scripts/embedded/temporal.ts';
import { Fleet } from '../../scripts/supervisor/fleet.ts';
import { PortBook } from '../../scripts/supervisor/ports.ts';
import { reasonOf } from '../../scripts/supervisor/start-error.ts';

/**
 * PostgreSQL and Temporal for one test run, with data that nobody wants back. A process of its own, which Jest's global
 * set-up starts: it ends when Jest does, however that happens.
 * Arguments: any of `postgres`, `temporal`.
 */
const wanted = new Set(process.argv.slice(2));
const folder = mkdtempSync(join(tmpdir(), 'showrunner-test-'));
// PostgreSQL may run as another user than the one who makes this folder.
chmodSync(folder, 0o711);
const say = (line: string): void => console.error(`  ${line}`);
const fleet = new Fleet({ say, ownGroup: true });
const log = { info: (): void => undefined, error: (fields: object, message: string): void => console.error(message, fields) };

onShutdown(
  async () => {
    await fleet.stop();
    rmSync(folder, { recursive: true, force: true });
  },
  { log, timeoutMs: 20_000 },
);

async function boot(): Promise<{ databaseUrl?: string; temporalAddress?: string }> {
  const ports = new PortBook(join(folder, 'ports.json'));
  const common = { dataDir: folder, logDir: folder, say, fleet };
  const [postgres, temporal] = await Promise.all([
    wanted.has('postgres') ? startPostgres({ ...common, port: await ports.take('postgres', 0), throwaway: true }) : null,
    wanted.has('temporal')
      ? startTemporal({ ...common, port: await ports.take('temporal', 0), uiPort: null, namespace: 'default', binary: process.env.TEMPORAL_CLI_PATH })
      : null,
  ]);
  return { ...(postgres ? { databaseUrl: postgres.url } : {}), ...(temporal ? { temporalAddress: temporal.address } : {}) };
}

boot().then(
  (services) => process.send?.({ ready: true, ...services }),
  async (error: unknown) => {
    process.send?.({ failed: reasonOf(error) });
    await fleet.stop();
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  },
);
