import { findPayout, type PayoutRow } from '../db/payout.repository.ts';
import type { DecidePayout } from '../domain/contracts/payout.ts';
import { decidePayout, statusAfter } from '../domain/social/payout.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';
import { waitForRow } from './wait-for-row.ts';

/** What a person waits for a worker. */
const WAIT_MS = 5_000;

export interface PayoutDecision {
  payout_id: string;
  workspace_id: string;
  request_id: string;
  decision: DecidePayout;
}

/**
 * Has an admin's decision carried out by the payout's workflow. Of two who decide at once one is first; the other is told.
 * @returns isDone false: no worker has done it yet, and one will @throws ApiError payout_decided, payout_held, not_found, unavailable
 */
export async function decideOnPayout(deps: Pick<ApiDeps, 'db' | 'temporal' | 'shutdown'>, { payout_id, workspace_id, request_id, decision }: PayoutDecision): Promise<{ row: PayoutRow; isDone: boolean }> {
  const read = async (): Promise<PayoutRow> => {
    const row = await findPayout(deps.db, workspace_id, payout_id);
    if (!row) throw new ApiError('not_found', { detail: `payout ${payout_id}` });
    return row;
  };
  const isMine = (row: PayoutRow): boolean => row.decided_by === decision.decided_by && row.status === statusAfter(decision.decision);
  /** It is as was decided, or nobody can decide so any more. */
  const isSettled = (row: PayoutRow): boolean => isMine(row) || !decidePayout(row.status, decision.decision).ok;

  const before = await read();
  if (!isSettled(before)) await tell();
  const after = isSettled(before) ? before : await waitForRow(deps, WAIT_MS, read, isSettled);
  if (isMine(after)) return { row: after, isDone: true };
  const verdict = decidePayout(after.status, decision.decision);
  if (!verdict.ok) throw new ApiError(verdict.code, { detail: `it is ${after.status}` });
  return { row: after, isDone: false };

  /** Its workflow may never have been started. */
  async function tell(): Promise<void> {
    if (await deps.temporal.social.decidePayout(payout_id, decision)) return;
    await deps.temporal.social.payout({ payout_id, workspace_id, request_id });
    if (!(await deps.temporal.social.decidePayout(payout_id, decision))) throw new ApiError('conflict', { detail: 'it ended just now' });
  }
}
