import { sql, type Kysely } from 'kysely';
import type { PayoutRef, PayoutStatus } from '../domain/contracts/payout.ts';
import { payoutHoldMovement } from '../domain/social/ledger.ts';
import { appAccount, moveCoins, walletOf } from './coin-ledger.repository.ts';
import { lockAppUser } from './app-user-lock.repository.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Database, Row } from './schema.ts';

const OPEN = ['held', 'awaiting_approval', 'approved'] as const satisfies PayoutStatus[];

/** With its sealed destination, which no list shows. */
export type PayoutRow = Row<'payouts'>;

export interface NewPayout {
  workspace_id: string;
  user_id: string;
  request_id: string;
  coins: number;
  amount_minor: number;
  currency: string;
  /** Sealed. */
  destination: string;
  destination_hint: string;
  hold_until: Date;
}

/** repeated: this request made it before. open: another one is under way. short: they have too few coins. gone: they have deleted their account. */
export type PayoutOutcome = { kind: 'made' | 'repeated' | 'open'; row: PayoutRow } | { kind: 'short' } | { kind: 'gone' };

/** Makes a payout and holds its coins, in one transaction. One user's requests wait for one another. */
export const openPayout = (db: Db, payout: NewPayout): Promise<PayoutOutcome> =>
  db.transaction().execute(async (trx): Promise<PayoutOutcome> => {
    const { workspace_id, user_id } = payout;
    if (!(await lockAppUser(trx, workspace_id, user_id))) return { kind: 'gone' };
    const mine = (query = trx.selectFrom('payouts').selectAll().where('workspace_id', '=', workspace_id).where('user_id', '=', user_id)) => query;
    const before = await mine().where('request_id', '=', payout.request_id).executeTakeFirst();
    if (before) return { kind: 'repeated', row: before };
    const open = await mine().where('status', 'in', OPEN).executeTakeFirst();
    if (open) return { kind: 'open', row: open };
    const id = newId();
    if (!(await holdCoins(trx, { ...payout, id }))) return { kind: 'short' };
    const row = await trx
      .insertInto('payouts')
      .values({ ...payout, id, status: 'held', status_reason: null, decided_by: null, decided_at: null, payment_reference: null, updated_at: new Date() })
      .returningAll()
      .executeTakeFirstOrThrow();
    return { kind: 'made', row };
  });

async function holdCoins(trx: Kysely<Database>, { workspace_id, user_id, id, coins }: { workspace_id: string; user_id: string; id: string; coins: number }): Promise<boolean> {
  const [wallet, payout] = [await walletOf(trx, workspace_id, user_id), await appAccount(trx, workspace_id, 'payout')];
  const { kind } = await moveCoins(trx, payoutHoldMovement({ workspace_id, payout_id: id, wallet: wallet.account_id, payout, coins }));
  return kind === 'moved';
}

/** One of this user. */
export const findPayoutOf = (db: Db, workspaceId: string, userId: string, id: string): Promise<PayoutRow | undefined> =>
  db.selectFrom('payouts').selectAll().where('workspace_id', '=', workspaceId).where('user_id', '=', userId).where('id', '=', id).executeTakeFirst();

export const findPayout = (db: Kysely<Database>, workspaceId: string, id: string): Promise<PayoutRow | undefined> =>
  db.selectFrom('payouts').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).executeTakeFirst();

/** With its user's name, for admins. */
export const findPayoutWithName = (db: Db, workspaceId: string, id: string): Promise<(PayoutRow & { username: string | null }) | undefined> =>
  db
    .selectFrom('payouts')
    .leftJoin('app_users', 'app_users.id', 'payouts.user_id')
    .selectAll('payouts')
    .select('app_users.username')
    .where('payouts.workspace_id', '=', workspaceId)
    .where('payouts.id', '=', id)
    .executeTakeFirst();

export const lockPayout = (trx: Kysely<Database>, { workspace_id, payout_id }: PayoutRef): Promise<PayoutRow | undefined> =>
  trx.selectFrom('payouts').selectAll().where('workspace_id', '=', workspace_id).where('id', '=', payout_id).forNoKeyUpdate().executeTakeFirst();

export interface PayoutChange {
  status: PayoutStatus;
  status_reason?: string | null;
  decided_by?: string | null;
  decided_at?: Date;
  payment_reference?: string | null;
}

export const changePayout = (db: Kysely<Database>, { workspace_id, payout_id }: PayoutRef, change: PayoutChange): Promise<PayoutRow> =>
  db
    .updateTable('payouts')
    .set({ ...change, updated_at: new Date() })
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', payout_id)
    .returningAll()
    .executeTakeFirstOrThrow();

/** Newest first. @param before id below which the page starts @param skip rows, for pages by number */
export const listPayouts = (
  db: Db,
  { workspace_id, user_id, statuses, before, skip = 0, limit }: { workspace_id: string; user_id?: string; statuses?: readonly PayoutStatus[]; before?: string | null; skip?: number; limit: number },
): Promise<(PayoutRow & { username: string | null })[]> =>
  db
    .selectFrom('payouts')
    .leftJoin('app_users', 'app_users.id', 'payouts.user_id')
    .selectAll('payouts')
    .select('app_users.username')
    .where('payouts.workspace_id', '=', workspace_id)
    .$if(user_id !== undefined, (query) => query.where('payouts.user_id', '=', user_id!))
    .$if(statuses !== undefined, (query) => query.where('payouts.status', 'in', statuses!))
    .$if(typeof before === 'string', (query) => query.where('payouts.id', '<', before!))
    .orderBy('payouts.id', 'desc')
    .offset(skip)
    .limit(limit)
    .execute();

/** Those whose workflow should be running, by id. @param openForMs how long the API has to start it itself @param after id, null: from the first */
export const listOpenPayouts = (db: Db, openForMs: number, after: string | null, limit: number): Promise<{ id: string; workspace_id: string }[]> =>
  db
    .selectFrom('payouts')
    .select(['id', 'workspace_id'])
    .where('status', 'in', OPEN)
    .where('created_at', '<', sql<Date>`now() - ${openForMs} * interval '1 millisecond'`)
    .$if(after !== null, (query) => query.where('id', '>', after))
    .orderBy('id')
    .limit(limit)
    .execute();
