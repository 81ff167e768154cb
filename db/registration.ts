import type { PlanTier } from '../domain/plans.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import { insertUser, type UserRow } from './user.repository.ts';
import { insertWorkspace, type WorkspaceRow } from './workspace.repository.ts';

export interface Registration {
  /** In lower case. */
  email: string;
  full_name: string;
  password_hash: string;
  plan_tier: PlanTier;
  /** Sealed: the personal workspace's. */
  webhook_secret: string;
}

/**
 * A user with a personal workspace of which they are owner; all of it or nothing.
 * @returns null where the e-mail has a user already
 */
export async function registerUser(db: Db, registration: Registration): Promise<{ user: UserRow; workspace: WorkspaceRow } | null> {
  const { email, full_name, password_hash, plan_tier, webhook_secret } = registration;
  return db.transaction().execute(async (trx) => {
    const user = await insertUser(trx, { id: newId(), email, full_name, password_hash });
    if (!user) return null;
    const workspace = await insertWorkspace(trx, {
      name: full_name,
      description: null,
      plan_tier,
      is_personal: true,
      webhook_secret,
      created_by: user.id,
    });
    return { user, workspace };
  });
}
