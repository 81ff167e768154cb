import { randomBytes } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { SocialProvider } from '../domain/contracts/social.ts';
import { usernameVariant } from '../domain/social/username.ts';
import type { AppUser } from './app-user.repository.ts';
import type { Db } from './client.ts';
import { walletOf } from './coin-ledger.repository.ts';
import { newId } from './ids.ts';
import type { Database } from './schema.ts';

export interface AppRegistration {
  workspace_id: string;
  social: SocialProvider;
  social_id: string;
  /** Free or not: somebody new gets it or the next variant of it. */
  username: string;
  first_name: string;
  last_name: string;
  email: string | null;
  profile_pic: string;
}

/** Variants that are looked at before digits at random are. */
const NEIGHBOURS = 20;

/**
 * The user of this identity; made, with a wallet, where there is none who was not deleted. Two first sign-ins at once make one user:
 * the second waits for the first's commit.
 */
export const registerAppUser = (db: Db, registration: AppRegistration): Promise<{ user: AppUser; is_new: boolean }> =>
  db.transaction().execute(async (trx) => {
    const { workspace_id, social, social_id } = registration;
    const find = () =>
      trx.selectFrom('app_users').selectAll().where('workspace_id', '=', workspace_id).where('social', '=', social).where('social_id', '=', social_id).where('deleted_at', 'is', null).executeTakeFirst();
    const found = await find();
    if (found) return { user: found, is_new: false };
    await sql`select pg_advisory_xact_lock(hashtextextended(${`app-user:${workspace_id}:${social}:${social_id}`}, 0))`.execute(trx);
    const meanwhile = await find();
    return meanwhile ? { user: meanwhile, is_new: false } : { user: await insertAppUser(trx, registration), is_new: true };
  });

async function insertAppUser(trx: Transaction<Database>, { username, ...registration }: AppRegistration): Promise<AppUser> {
  const id = newId();
  const full_name = fullNameOf({ ...registration, username });
  await trx.insertInto('users').values({ id, email: appUserEmail(id), full_name, password_hash: nobodysPassword() }).execute();
  for (let n = await firstFree(trx, registration.workspace_id, username); ; n = Math.floor(1_000 + Math.random() * 1e8)) {
    const user = await trx
      .insertInto('app_users')
      .values({ id, ...registration, username: usernameVariant(username, n), deleted_at: null })
      .onConflict((conflict) => conflict.columns(['workspace_id', 'username']).where('deleted_at', 'is', null).doNothing())
      .returningAll()
      .executeTakeFirst();
    if (!user) continue;
    await walletOf(trx, registration.workspace_id, id);
    return user;
  }
}

async function firstFree(trx: Transaction<Database>, workspaceId: string, username: string): Promise<number> {
  const variants = Array.from({ length: NEIGHBOURS }, (_, index) => usernameVariant(username, index + 1));
  const rows = await trx.selectFrom('app_users').select('username').where('workspace_id', '=', workspaceId).where('username', 'in', variants).where('deleted_at', 'is', null).execute();
  const taken = new Set(rows.map((row) => row.username));
  return variants.findIndex((name) => !taken.has(name)) + 1 || NEIGHBOURS + 1;
}

/** How chats call them. */
export const fullNameOf = ({ first_name, last_name, username }: Pick<AppRegistration, 'first_name' | 'last_name' | 'username'>): string => `${first_name} ${last_name}`.trim() || username;

/** `users` wants one: no mail reaches it (RFC 2606), and nobody can take it, since ids are ours. */
export const appUserEmail = (id: string): string => `${id}@app.invalid`;

/** Argon2id of nothing: in the form that sign-in by password expects, and matched by no password. */
const nobodysPassword = (): string => `$argon2id$v=19$m=19456,t=2,p=1$${base64(16)}$${base64(32)}`;
const base64 = (bytes: number): string => randomBytes(bytes).toString('base64').replace(/=+$/, '');
