import { sql } from 'kysely';
import type { AccountRef } from '../domain/contracts/app-account.ts';
import type { Coins } from '../domain/contracts/coin.ts';
import { forfeitMovement } from '../domain/social/ledger.ts';
import { countRemoved } from './app-deletion.repository.ts';
import type { Db } from './client.ts';
import { appAccount, moveCoins, walletOf } from './coin-ledger.repository.ts';
import { lockBalance } from './coin-lock.repository.ts';

/**
 * Moves what is in a deleted account's wallet to the house, in one transaction with the record. What a payout gives back later is
 * moved by a later call, under a key of its own.
 * @returns how many coins
 */
export const forfeit = (db: Db, { user_id, workspace_id }: AccountRef): Promise<Coins> =>
  db.transaction().execute(async (trx) => {
    const wallet = (await walletOf(trx, workspace_id, user_id)).account_id;
    const house = await appAccount(trx, workspace_id, 'house');
    const balance = await lockBalance(trx, workspace_id, [wallet, house], wallet);
    if (balance === 0) return 0;
    const { rows } = await sql<{ before: number }>`
      select count(*) as before from coin_transactions t join coin_movements m on m.id = t.movement_id where t.account_id = ${wallet} and m.kind = 'forfeit'`.execute(trx);
    const { kind } = await moveCoins(trx, forfeitMovement({ workspace_id, user_id, times: rows[0]!.before, wallet, house, coins: balance }));
    if (kind !== 'moved') throw new Error(`the coins of a deleted account could not be forfeited: ${kind}`);
    await countRemoved(trx, user_id, 'coins_forfeited', balance);
    return balance;
  });

/** Deleted accounts to which coins came after theirs were forfeited. */
export async function listLateCoins(db: Db, limit: number): Promise<AccountRef[]> {
  const { rows } = await sql<AccountRef>`
    select d.user_id, d.workspace_id from account_deletions d join coin_accounts a on a.user_id = d.user_id
    where d.finished_at is not null and a.balance > 0 limit ${limit}`.execute(db);
  return rows;
}
