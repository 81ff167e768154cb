import { sql, type Kysely } from 'kysely';
import type { ChatNotice } from '../domain/contracts/chat.ts';
import { CHANNELS } from '../domain/names.ts';
import type { Database } from './schema.ts';

/** Tells all API processes what changed; inside a transaction they hear it with its commit. */
export async function notifyChat(db: Kysely<Database>, notices: readonly ChatNotice[]): Promise<void> {
  for (const notice of notices) await sql`select pg_notify(${CHANNELS.chat}, ${JSON.stringify(notice)})`.execute(db);
}
