import type { Logger } from 'pino';
import type { Db } from '../../db/client.ts';
import { promiseRestore, type RestorePromise } from '../../db/device-restore.repository.ts';
import type { RestoreDeviceInput } from '../../domain/contracts/delivery.ts';
import { createHandOver } from './hand-over.ts';
import type { WorkflowStarter } from './workflow-starter.ts';

export interface RestorePromises {
  /**
   * Stores the promise, before the command that it undoes goes out: whatever dies after this, it is kept.
   * @returns false where the device is gone
   */
  promise(promise: RestorePromise): Promise<boolean>;
  /** Idempotent. */
  close(): void;
}

export interface RestorePromisesDeps {
  db: Db;
  starter: Pick<WorkflowStarter, 'restore'>;
  logger: Pick<Logger, 'warn'>;
}

/** Promises in PostgreSQL, kept by restoreDevice. A workflow that has the promise reads later due times itself. */
export function createRestorePromises({ db, starter, logger }: RestorePromisesDeps): RestorePromises {
  const handOver = createHandOver<RestoreDeviceInput>({ start: (input) => starter.restore(input), logger });
  return {
    async promise(promise) {
      const stored = await promiseRestore(db, promise);
      if (!stored) return false;
      // At once, not after the command succeeded: whether it reached the device nobody can say once this process is dead.
      if (!stored.handed_over) handOver.request(promise.device_id, { device_id: promise.device_id, workspace_id: promise.workspace_id });
      return true;
    },
    close: () => handOver.close(),
  };
}
