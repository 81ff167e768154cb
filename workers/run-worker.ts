import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import type { ErrorLog } from '../activities/live/log.ts';

const AGAIN_MS = 1_000;

export interface RunningWorker {
  /** Stops polling, lets activities end, resolves when all is done. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Runs a Temporal worker and makes a new one if it ever fails (Temporal gone for too long): what the process holds besides,
 * such as open sockets, lives on meanwhile.
 */
export async function runWorker(options: WorkerOptions & { connection: NativeConnection }, log: ErrorLog): Promise<RunningWorker> {
  let stopping = false;
  let worker = await Worker.create(options);
  const loop = async (): Promise<void> => {
    while (true) {
      try {
        await worker.run();
        return;
      } catch (error) {
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
        return await Worker.create(options);
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
