import { proxyActivities, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { DEFAULT_ACCOUNT_TIMINGS, type AccountTimings, type ExportDataActivities, type ExportDataInput } from '../domain/contracts/app-account.ts';
import { orGivenUp } from './given-up.ts';

/** Writes a file of all that is a user's, which they may fetch for some days. */
export async function exportData({ export_id, user_id, workspace_id, timings: given }: ExportDataInput): Promise<void> {
  const timings: AccountTimings = { ...DEFAULT_ACCOUNT_TIMINGS, ...given };
  upsertSearchAttributes({ WorkspaceId: [workspace_id] });
  const retry = { initialInterval: timings.retry_initial_ms, backoffCoefficient: 2, maximumInterval: '10 minutes' as const };
  const { writeExport } = proxyActivities<ExportDataActivities>({ startToCloseTimeout: '2 hours', scheduleToCloseTimeout: '1 day', heartbeatTimeout: timings.heartbeat_timeout_ms, retry });
  const { finishExport } = proxyActivities<ExportDataActivities>({ startToCloseTimeout: '1 minute', retry });
  setCurrentDetails('writing');
  const outcome = await orGivenUp(() => writeExport({ export_id, user_id, workspace_id }));
  setCurrentDetails(outcome.ok ? 'ready' : `failed: ${outcome.reason}`);
  await finishExport({ export_id, user_id, outcome });
}
