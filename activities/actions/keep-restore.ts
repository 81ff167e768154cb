import { Context } from '@temporalio/activity';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { Db } from '../../db/client.ts';
import { keepDueRestore, type DueRestore } from '../../db/device-restore.repository.ts';
import { createNotification } from '../../db/notification.repository.ts';
import type { DeviceClient } from '../../devices/device-client.ts';
import type { AttemptResult } from '../../domain/contracts/action.ts';
import type { RestoreReport } from '../../domain/contracts/delivery.ts';
import type { DeviceLookup } from './device-lookup.ts';

export interface KeepRestoreInput {
  device_id: string;
  workspace_id: string;
  give_up_after_ms: number;
}

export interface KeepRestoreDeps {
  db: Db;
  pool: Pick<pg.Pool, 'query'>;
  lookup: DeviceLookup;
  devices: DeviceClient;
  logger: Pick<Logger, 'warn'>;
}

/** The promise's row is locked meanwhile, and new commands with a promise wait for it. */
const SEND_TIMEOUT_MS = 10_000;

export function createKeepRestore({ db, pool, lookup, devices, logger }: KeepRestoreDeps) {
  return {
    /** Looks at a device's promise and, where it is due, sends the restore. */
    async keepRestore({ device_id, workspace_id, give_up_after_ms }: KeepRestoreInput): Promise<RestoreReport> {
      let report: RestoreReport = { kind: 'gone' };
      const state = await keepDueRestore(db, device_id, async (restore) => {
        report = await send(restore);
        return report.kind !== 'failed';
      });
      return state.kind === 'due' ? report : state;

      async function send({ command, idempotency_key, action_id, overdue_ms }: DueRestore): Promise<RestoreReport> {
        const device = await lookup.find(workspace_id, device_id);
        if (!device) return { kind: 'gone' };
        const result = await sendInTime(device, command, idempotency_key);
        if (result.outcome === 'succeeded') return { kind: 'kept' };
        if (overdue_ms < give_up_after_ms) {
          return {
            kind: 'failed',
            error: result.error,
            retry_after_ms: result.outcome === 'retryable' ? (result.retry_after_ms ?? null) : null,
          };
        }
        logger.warn({ device_id, err: result.error }, 'a restore was given up');
        await createNotification(pool, { workspace_id, action_id, livestream_id: null, message: givenUp(device.name, command, overdue_ms, result.error) });
        return { kind: 'given_up', error: result.error };
      }
    },
  };

  async function sendInTime(
    device: NonNullable<Awaited<ReturnType<DeviceLookup['find']>>>,
    command: string,
    key: string,
  ): Promise<AttemptResult> {
    const late = new AbortController();
    const abort = (): void => late.abort();
    const timer = setTimeout(abort, SEND_TIMEOUT_MS);
    const { cancellationSignal } = Context.current();
    cancellationSignal.addEventListener('abort', abort, { once: true });
    try {
      return await devices.send(device, { command }, key, late.signal);
    } finally {
      clearTimeout(timer);
      cancellationSignal.removeEventListener('abort', abort);
    }
  }
}

/** Only a person can put the device right now, so a person is told. */
function givenUp(name: string, command: string, overdueMs: number, error: string): string {
  const tried = overdueMs < 3_600_000 ? `${Math.round(overdueMs / 1_000)} s` : `${Math.round(overdueMs / 3_600_000)} h`;
  return `The device "${name}" was to be restored with ${command}; that failed for ${tried} and was given up. Please restore it by hand. Last error: ${error}`;
}
