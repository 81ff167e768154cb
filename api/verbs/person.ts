import { findAppUser, findAppUserByName, type AppUser } from '../../db/app-user.repository.ts';
import type { Db } from '../../db/client.ts';
import { isBlocked, relationshipOf } from '../../db/relation.repository.ts';
import type { Relationship } from '../../domain/contracts/social.ts';
import { ApiError } from '../errors.ts';

export interface SeenPerson {
  user: AppUser;
  relationship: Relationship;
}

interface Asked {
  workspace_id: string;
  /** null: nobody is signed in. */
  viewer_id: string | null;
}

/**
 * A user as the viewer may see them.
 * @param of one of the two
 * @throws ApiError user_gone: not there, deleted, suspended, or one of the two has blocked the other
 */
export async function requirePerson(db: Db, { workspace_id, viewer_id }: Asked, of: { user_id: string } | { username: string }): Promise<SeenPerson> {
  const user = await ('user_id' in of ? findAppUser(db, workspace_id, of.user_id) : findAppUserByName(db, workspace_id, of.username));
  if (!user || (viewer_id !== null && (await isBlocked(db, viewer_id, user.id)))) throw new ApiError('user_gone');
  return { user, relationship: await relationshipOf(db, viewer_id, user.id) };
}

/** @throws ApiError account_suspended, with what they are told */
export function refuseSuspended({ suspended_at, suspension_reason }: AppUser): void {
  if (suspended_at !== null) throw new ApiError('account_suspended', { detail: suspension_reason ?? undefined });
}

/** Refuses a private account's lists to who does not follow it. @throws ApiError private_account */
export function requireOpen({ user, relationship }: SeenPerson): void {
  if (user.is_private && !['self', 'following', 'friends'].includes(relationship)) throw new ApiError('private_account');
}
