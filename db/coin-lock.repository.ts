import type { Kysely } from 'kysely';
import type { Coins } from '../domain/contracts/coin.ts';
import type { Database } from './schema.ts';

/** Locks accounts in the order in which movements do. @returns the balance of one of them */
export async function lockBalance(trx: Kysely<Database>, workspaceId: string, accountIds: readonly string[], ofAccount: string): Promise<Coins> {
  const rows = await trx.selectFrom('coin_accounts').select(['id', 'balance']).where('workspace_id', '=', workspaceId).where('id', 'in', accountIds).orderBy('id').forUpdate().execute();
  return rows.find(({ id }) => id === ofAccount)!.balance;
}
