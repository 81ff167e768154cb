import { GracefulShutdownPeriodExpiredError, Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import type { ErrorLog } from '../activities/live/log.ts';

const AGAIN_MS = 1_000;
/**
 * An activity that does not end when it is cancelled is left behind after this: half of what a process has to close (main.ts), so that what it
 * holds besides, such as the sessions of a media host, is closed too. Temporal gives the activity to another worker.
 */
const SHUTDOWN_FORCE_TIME = '15s';

export interface RunningWorker {
  /** Stops polling, cancels activities and lets them end, resolves when all is done, or after `shutdownForceTime`. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Runs a Temporal worker and makes a new one if it ever fails (Temporal gone for too long): what the process holds besides,
 * such as open sockets, lives on meanwhile.
 */
export async function runWorker(options: WorkerOptions & { connection: NativeConnection }, log: ErrorLog): Promise<RunningWorker> {
  let stopping = false;
  const create = (): Promise<Worker> => Worker.create({ shutdownForceTime: SHUTDOWN_FORCE_TIME, ...options });
  let worker = await create();
  const loop = async (): Promise<void> => {
    while (true) {
      try {
        await worker.run();
        return;
      } catch (error) {
        if (stopping && error instanceof GracefulShutdownPeriodExpiredError) {
          log.warn({ task_queue: options.taskQueue }, 'activities did not end in time and are left behind');
          return;
        }
        log.error({ err: error, task_queue: options.taskQueue }, 'the Temporal worker failed; a new one takes over');
      }
      worker = await recreate();
      if (stopping) return;
    }
  };
  const recreate = async (): Promise<Worker> => {
    while (true) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      if (stopping) return worker;
      try {
        return await create();
      } catch (error) {
        log.warn({ err: error, task_queue: options.taskQueue }, 'the Temporal worker can not be made yet');
      }
    }
  };
  const running = loop();
  return {
    async stop() {
      if (!stopping) {
        stopping = true;
        if (worker.getState() === 'RUNNING') worker.shutdown();
      }
      await running;
    },
  };
}
