import type { FollowState, Relationship } from '../contracts/social.ts';

/**
 * How two users stand, seen from the first.
 * @param mine how the first follows the second; null: not at all
 * @param theirs how the second follows the first
 */
export function relationshipBetween(mine: FollowState | null, theirs: FollowState | null): Relationship {
  if (mine === 'requested') return 'requested';
  if (mine === 'accepted') return theirs === 'accepted' ? 'friends' : 'following';
  return theirs === 'accepted' ? 'follow_back' : 'none';
}
