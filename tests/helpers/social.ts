import type { AppUser } from '../../db/app-user.repository.ts';
import { walletOf } from '../../db/coin-ledger.repository.ts';
import { newId } from '../../db/ids.ts';
import type { NewRow } from '../../db/schema.ts';
import { signToken } from '../../db/signed-token.ts';
import { findSocialApp } from '../../db/social-app.repository.ts';
import type { TestApi } from './test-api.ts';

export interface TestAppUser {
  id: string;
  username: string;
  /** An access token. */
  token: string;
  row: AppUser;
}

/** The workspace whose app the API serves; made where there is none yet. */
export async function socialApp(api: TestApi): Promise<string> {
  const found = await findSocialApp(api.deps.db);
  if (found !== null) return found;
  await api.person();
  return (await findSocialApp(api.deps.db))!;
}

/** A user of the app, straight in the tables: users, app_users and an empty wallet. */
export async function appUser(api: TestApi, over: Partial<NewRow<'app_users'>> = {}): Promise<TestAppUser> {
  const { db, config } = api.deps;
  const workspace_id = over.workspace_id ?? (await socialApp(api));
  const id = over.id ?? newId();
  const username = over.username ?? `u${id.replaceAll('-', '').slice(-20)}`;
  await db
    .insertInto('users')
    .values({ id, email: `${id}@app.invalid`, full_name: username, password_hash: 'none' })
    .execute();
  await db
    .insertInto('app_users')
    .values({ social: 'google', social_id: `test-${id}`, email: null, deleted_at: null, ...over, id, workspace_id, username })
    .execute();
  await walletOf(db, workspace_id, id);
  const row = await db.selectFrom('app_users').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  return { id, username, token: await signToken('access', id, config.jwtSecret, 3_600), row };
}

export interface VerbAnswer<M> {
  code: number;
  msg: M;
}

/** POST /api/<name> as an app does it; the answer's status is 200 always. @param token goes into the body */
export async function verb<M = never>(api: TestApi, name: string, fields: Record<string, unknown> = {}, token?: string): Promise<VerbAnswer<M>> {
  const { status, body } = await api.call<VerbAnswer<M>>('POST', `/api/${name}`, { body: { ...(token !== undefined && { auth_token: token }), ...fields } });
  if (status !== 200) throw new Error(`${name} answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
