import type { WorkerOptions } from '@temporalio/worker';

/** What a role brings to its worker. */
export interface RoleParts {
  activities: object;
  workerOptions?: Partial<WorkerOptions>;
  /** Once the worker polls. */
  started?: () => Promise<void>;
  /** After the worker has stopped. */
  close: () => Promise<void>;
}
