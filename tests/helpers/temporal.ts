import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { ensureSearchAttributes } from '../../workers/temporal.ts';
import { buildWorkflowBundle } from '../../workers/workflow-bundle.ts';

export interface TestTemporal {
  connection: NativeConnection;
  client: Client;
  /** Unique: workers of several test files share one server. */
  taskQueue: string;
  /** Runs a worker on the queue until it is stopped or the harness is closed. */
  runWorker(options: Partial<WorkerOptions> & { activities: object }): Promise<{ stop(): Promise<void> }>;
  close(): Promise<void>;
}

export function testTemporalAddress(): string {
  const address = process.env.TEST_TEMPORAL_ADDRESS;
  if (!address) throw new Error('TEST_TEMPORAL_ADDRESS is not set: integration tests run through npm test, whose global set-up boots Temporal.');
  return address;
}

let installed = false;

export async function testTemporal(): Promise<TestTemporal> {
  // Tests cause failures on purpose: what the SDK says of them would bury the tests' own output.
  if (!installed) Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR', forward: {} } } });
  installed = true;
  const connection = await NativeConnection.connect({ address: testTemporalAddress() });
  await ensureSearchAttributes(connection, 'default');
  const taskQueue = `test-${randomUUID()}`;
  const workers: { stop(): Promise<void> }[] = [];
  return {
    connection,
    client: new Client({ connection }),
    taskQueue,
    async runWorker(options) {
      const worker = await Worker.create({ connection, taskQueue, workflowBundle: await buildWorkflowBundle(), ...options });
      const running = worker.run();
      const handle = {
        async stop() {
          if (worker.getState() === 'RUNNING') worker.shutdown();
          await running;
        },
      };
      workers.push(handle);
      return handle;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await connection.close();
    },
  };
}
