import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';

/** Keeps an account from being deleted, and others from doing this, until the transaction ends. @returns false: it was deleted */
export async function lockAppUser(trx: Kysely<Database>, workspaceId: string, id: string): Promise<boolean> {
  const row = await trx.selectFrom('app_users').select('deleted_at').where('workspace_id', '=', workspaceId).where('id', '=', id).forNoKeyUpdate().executeTakeFirst();
  return row !== undefined && row.deleted_at === null;
}
