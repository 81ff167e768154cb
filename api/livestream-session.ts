import { closeOrphan, noteUnstarted } from '../db/livestream-orphan.ts';
import {
  findLivestream,
  openLivestream,
  type LivestreamDraft,
  type LivestreamRow,
  type OpenedLivestream,
} from '../db/livestream.repository.ts';
import { ACTIVE_STATUSES } from '../domain/contracts/livestream.ts';
import { AppError } from '../domain/errors.ts';
import type { ApiDeps } from './deps.ts';

type Deps = Pick<ApiDeps, 'db' | 'temporal'>;

const neverConsumed = (livestream: LivestreamRow): boolean => livestream.status === 'connecting' && livestream.consumer_epoch === 0;

/**
 * Makes the row, then starts its session. Where Temporal does not answer the row stays and says so: the sweep of
 * livestreams without a session starts it later, as it does for a row whose API process died right here. Whether a start
 * that got no answer has happened can't be known, so taking the row back could leave a session without one.
 * @throws AppError plan_limit
 */
export async function connectLivestream({ db, temporal }: Deps, draft: LivestreamDraft): Promise<OpenedLivestream> {
  const opened = await openLivestream(db, draft);
  const { id, workspace_id, wait_for_live } = opened.livestream;
  if (!neverConsumed(opened.livestream)) return opened;
  try {
    await temporal.startLivestream({ livestream_id: id, workspace_id, wait_for_live });
    return opened;
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    const livestream = (await noteUnstarted(db, id)) ?? (await findLivestream(db, workspace_id, id));
    return { ...opened, livestream: livestream ?? opened.livestream };
  }
}

/**
 * Asks the session to end. @returns the row, and whether the session still has to act on it
 * @throws AppError unavailable: Temporal can't be asked
 */
export async function disconnectLivestream(
  { db, temporal }: Deps,
  livestream: LivestreamRow,
): Promise<{ livestream: LivestreamRow; pending: boolean }> {
  if (!ACTIVE_STATUSES.includes(livestream.status)) return { livestream, pending: false };
  if ((await temporal.disconnectLivestream(livestream.id)) === 'not_running') {
    const closed = await closeOrphan(db, livestream.id);
    if (closed) return { livestream: closed, pending: false };
  }
  const current = (await findLivestream(db, livestream.workspace_id, livestream.id)) ?? livestream;
  return { livestream: current, pending: ACTIVE_STATUSES.includes(current.status) };
}

const isUnavailable = (error: unknown): boolean => error instanceof AppError && error.code === 'unavailable';
