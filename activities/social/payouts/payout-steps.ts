import type { Kysely } from 'kysely';
import { notifyAppUser } from '../../../db/app-notification.repository.ts';
import { lockAppUser } from '../../../db/app-user-lock.repository.ts';
import { appAccount, moveCoins, walletOf } from '../../../db/coin-ledger.repository.ts';
import { changePayout, findPayout, lockPayout, type PayoutRow } from '../../../db/payout.repository.ts';
import type { Database } from '../../../db/schema.ts';
import type { DecidePayout, PayoutActivities, PayoutRef, PayoutState } from '../../../domain/contracts/payout.ts';
import { payoutReturnMovement } from '../../../domain/social/ledger.ts';
import { decidePayout } from '../../../domain/social/payout.ts';
import type { PayoutDeps } from './payout-deps.ts';

type Trx = Kysely<Database>;

const stateOf = (row: PayoutRow | undefined): PayoutState | null => (row ? { status: row.status, hold_until_ms: row.hold_until.getTime() } : null);

/** The steps of a payout, each a transaction of its own. */
export const createPayoutSteps = ({ db, logger }: Pick<PayoutDeps, 'db' | 'logger'>): PayoutActivities => ({
  readPayout: async ({ workspace_id, payout_id }) => stateOf(await findPayout(db, workspace_id, payout_id)),

  releasePayout: (ref) =>
    db.transaction().execute(async (trx) => {
      const row = await lockPayout(trx, ref);
      return stateOf(row?.status === 'held' ? await changePayout(trx, ref, { status: 'awaiting_approval' }) : row);
    }),

  async carryOutDecision({ decision, payout_id, workspace_id }) {
    const ref = { payout_id, workspace_id };
    const state = await db.transaction().execute(async (trx) => stateOf(await carryOut(trx, ref, decision)));
    logger.info({ ...ref, decision: decision.decision, decided_by: decision.decided_by, status: state?.status }, 'a payout was decided');
    return state;
  },
});

/** What its status does not allow changes nothing: somebody was faster, or the same was carried out before. */
async function carryOut(trx: Trx, ref: PayoutRef, { decision, decided_by, reason, payment_reference }: DecidePayout): Promise<PayoutRow | undefined> {
  const row = await lockPayout(trx, ref);
  if (!row) return undefined;
  const verdict = decidePayout(row.status, decision);
  if (!verdict.ok) return row;
  if (verdict.status === 'returned') await returnCoins(trx, row);
  await notifyAppUser(trx, {
    ...{ workspace_id: row.workspace_id, user_id: row.user_id, sender_id: null, kind: 'payout', subject_id: row.id, dedupe_key: `payout:${row.id}:${verdict.status}` },
    text: wordsOf(verdict.status, row.coins, reason),
  });
  return changePayout(trx, ref, { status: verdict.status, status_reason: reason, decided_by, decided_at: new Date(), ...(payment_reference !== null && { payment_reference }) });
}

/** To their wallet; to the house where they have deleted their account. */
async function returnCoins(trx: Trx, { id, workspace_id, user_id, coins }: PayoutRow): Promise<void> {
  const to = (await lockAppUser(trx, workspace_id, user_id)) ? (await walletOf(trx, workspace_id, user_id)).account_id : await appAccount(trx, workspace_id, 'house');
  const payout = await appAccount(trx, workspace_id, 'payout');
  const { kind } = await moveCoins(trx, payoutReturnMovement({ workspace_id, payout_id: id, wallet: to, payout, coins }));
  // The row is locked, and says that they were not returned.
  if (kind !== 'moved') throw new Error(`The return of payout ${id} is ${kind}.`);
}

function wordsOf(status: PayoutRow['status'], coins: number, reason: string | null): string {
  const why = reason === null ? '' : `: ${reason}`;
  if (status === 'paid') return `Your payout of ${coins} coins was paid.`;
  return status === 'returned' ? `Your payout was not made, and ${coins} coins are back${why}` : `Your payout of ${coins} coins was approved, and is on its way.`;
}
