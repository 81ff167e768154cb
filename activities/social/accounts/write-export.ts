import { Readable } from 'node:stream';
import { Context } from '@temporalio/activity';
import { DATA_SECTIONS, readSection } from '../../../db/app-data.repository.ts';
import { exportFailed, exportWritten } from '../../../db/app-export.repository.ts';
import { findAccount } from '../../../db/app-user.repository.ts';
import type { Db } from '../../../db/client.ts';
import { exportKey, type ExportDataActivities } from '../../../domain/contracts/app-account.ts';
import { AppError } from '../../../domain/errors.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import type { AccountDeps } from './account-deps.ts';

/** Nobody has so much; a fault must not fill the storage. */
const MAX_BYTES = 4 * 1024 ** 3;

/** Writes as it reads: however much somebody has, little of it is in memory. */
export function createWriteExport({ db, storage, logger }: AccountDeps): ExportDataActivities {
  return {
    async writeExport({ export_id, user_id, workspace_id }) {
      if (!(await findAccount(db, workspace_id, user_id))) return { ok: false, code: 'user_gone', reason: 'the account was deleted' };
      try {
        await heartbeating(() => storage.put(exportKey(export_id), Readable.from(documentOf(db, user_id)), MAX_BYTES, Context.current().cancellationSignal));
        return { ok: true };
      } catch (error) {
        if (error instanceof AppError && error.permanent) return { ok: false, code: error.code, reason: error.message };
        throw error;
      }
    },

    async finishExport({ export_id, user_id, outcome }) {
      if (!outcome.ok) {
        logger.warn({ export_id, user_id, code: outcome.code, reason: outcome.reason }, 'an export could not be written');
        await exportFailed(db, export_id, outcome.code);
      }
      const isKept = outcome.ok && (await exportWritten(db, { id: export_id, user_id }, exportKey(export_id)));
      if (!isKept) await removeUnlessReady(export_id);
    },
  };

  /** Done twice, the second time must not take away what the first has kept. */
  async function removeUnlessReady(exportId: string): Promise<void> {
    const row = await db.selectFrom('app_exports').select('state').where('id', '=', exportId).executeTakeFirst();
    if (row?.state !== 'ready') await storage.delete(exportKey(exportId));
  }
}

async function* documentOf(db: Db, userId: string): AsyncGenerator<string> {
  yield `{"exported_at":"${new Date().toISOString()}"`;
  for (const section of DATA_SECTIONS) {
    yield `,\n"${section}":[`;
    let separator = '\n';
    for await (const rows of readSection(db, userId, section)) {
      yield separator + rows.join(',\n');
      separator = ',\n';
    }
    yield ']';
  }
  yield '}\n';
}
