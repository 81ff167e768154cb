import { sql, type Kysely } from 'kysely';
import type { CoinAccountKind, Movement } from '../domain/contracts/coin.ts';
import { whyNoMovement } from '../domain/social/ledger.ts';
import { newId } from './ids.ts';
import type { Database } from './schema.ts';

/** moved: done now. repeated: this request key has moved its coins before. short: a wallet would fall below zero; nothing was moved. */
export type MoveOutcome = { kind: 'moved'; movement_id: string } | { kind: 'repeated'; movement_id: string } | { kind: 'short' };

/**
 * Moves coins between accounts, all or nothing, in the caller's transaction (or one of its own): besides sendGift the only way in which balances change.
 * Inside a transaction `repeated` and `short` leave it usable: a savepoint takes the attempt back. Accounts are locked in the order of their ids, so two movements
 * never wait for each other; a transaction that moves twice, or reads a balance first, begins with lockBalance of all of them.
 * @throws what PostgreSQL throws, RangeError for what is no movement (see domain/social/ledger.ts)
 */
export async function moveCoins(db: Kysely<Database>, movement: Movement): Promise<MoveOutcome> {
  const fault = whyNoMovement(movement);
  if (fault !== null) throw new RangeError(`no movement ${movement.request_key}: ${fault}`);
  const movement_id = newId();
  const accounts = movement.entries.map(({ account_id }) => account_id);
  const amounts = movement.entries.map(({ amount }) => amount);
  const call = sql`select move_coins(${movement_id}, ${movement.workspace_id}, ${movement.kind}, ${movement.request_key}, ${accounts}::uuid[], ${amounts}::bigint[])`;
  try {
    await inSavepoint(db, () => call.execute(db));
    return { kind: 'moved', movement_id };
  } catch (error) {
    const constraint = constraintOf(error);
    if (constraint === 'coin_accounts_covered') return { kind: 'short' };
    if (constraint !== 'coin_movements_workspace_id_request_key_key') throw error;
    const { id } = await db.selectFrom('coin_movements').select('id').where('workspace_id', '=', movement.workspace_id).where('request_key', '=', movement.request_key).executeTakeFirstOrThrow();
    return { kind: 'repeated', movement_id: id };
  }
}

/** The constraint that a statement broke; null: it failed for something else. */
export const constraintOf = (error: unknown): string | null => (error instanceof Error && 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : null);

async function inSavepoint(db: Kysely<Database>, run: () => Promise<unknown>): Promise<void> {
  if (!db.isTransaction) {
    await run();
    return;
  }
  await sql`savepoint moving`.execute(db);
  try {
    await run();
    await sql`release savepoint moving`.execute(db);
  } catch (error) {
    await sql`rollback to savepoint moving`.execute(db);
    throw error;
  }
}

/** A user's wallet; made where there is none yet. */
export async function walletOf(db: Kysely<Database>, workspaceId: string, userId: string): Promise<{ account_id: string; balance: number }> {
  const found = await db.selectFrom('coin_accounts').select(['id as account_id', 'balance']).where('workspace_id', '=', workspaceId).where('user_id', '=', userId).executeTakeFirst();
  if (found) return found;
  await db
    .insertInto('coin_accounts')
    .values({ id: newId(), workspace_id: workspaceId, kind: 'user', user_id: userId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return db.selectFrom('coin_accounts').select(['id as account_id', 'balance']).where('workspace_id', '=', workspaceId).where('user_id', '=', userId).executeTakeFirstOrThrow();
}

/** The app's own account of a kind. */
export async function appAccount(db: Kysely<Database>, workspaceId: string, kind: Exclude<CoinAccountKind, 'user'>): Promise<string> {
  const { id } = await db.selectFrom('coin_accounts').select('id').where('workspace_id', '=', workspaceId).where('kind', '=', kind).executeTakeFirstOrThrow();
  return id;
}
