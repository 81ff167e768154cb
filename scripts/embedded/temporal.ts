import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../domain/names.ts';
import { Fleet } from '../supervisor/fleet.ts';
import { STOP_ORDER, type Supervised } from '../supervisor/supervised.ts';
import { temporalBinary } from './temporal-binary.ts';

const READY_TIMEOUT_MS = 60_000;

export interface EmbeddedTemporal {
  process: Supervised;
  address: string;
  /** Absent when it runs without its UI. */
  uiUrl: string | null;
}

export interface EmbeddedTemporalOptions {
  dataDir: string;
  logDir: string;
  port: number;
  /** null: without the UI, for tests. */
  uiPort: number | null;
  namespace: string;
  /** TEMPORAL_CLI_PATH. */
  binary: string | undefined;
  say: (line: string) => void;
  /** Ends it with everything else; absent: it stands alone. */
  fleet?: Fleet;
}

/** Boots Temporal's development server with its state below `dataDir`. */
export async function startTemporal({ dataDir, logDir, port, uiPort, namespace, binary, say, fleet = new Fleet({ say }) }: EmbeddedTemporalOptions): Promise<EmbeddedTemporal> {
  const command = await temporalBinary({ given: binary, env: process.env, say });
  const address = `127.0.0.1:${port}`;
  const supervised = await fleet.run({
    name: 'Temporal',
    command,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--namespace', namespace, '--log-level', 'error'],
      ...(uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort)]),
      ...['--db-filename', join(dataDir, 'temporal.db'), '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
      ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ],
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    logPath: join(logDir, 'temporal.log'),
    probe: () => temporalAnswers(address, namespace),
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    stopTimeoutMs: 10_000,
    stopOrder: STOP_ORDER.service,
  });
  return { process: supervised, address, uiUrl: uiPort === null ? null : `http://127.0.0.1:${uiPort}` };
}

async function temporalAnswers(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  try {
    await connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.describeNamespace({ namespace }));
  } finally {
    await connection.close();
  }
}
