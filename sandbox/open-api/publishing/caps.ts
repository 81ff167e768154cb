import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import type { World } from '../world.ts';

const DAY_MS = 86_400_000;

const recent = (world: World): Post[] => world.posts.all().filter((post) => post.status !== 'FAILED' && post.created_ms > world.clock.now() - DAY_MS);
/** An upload that nobody finished in time never becomes a post. */
const isAlive = (world: World, { upload }: Post): boolean => !upload || upload.uploaded === upload.size || upload.expires_ms > world.clock.now();

export const isAudited = (world: World, account: Account): boolean => account.app_audited ?? world.settings.current.app.audited;

/** Of the last 24 h, other API clients' included: TikTok counts them together. */
export const directPosts = (world: World, account: Account): number =>
  account.other_direct_posts + recent(world).filter((post) => post.account === account && post.mode === 'direct' && isAlive(world, post)).length;

/** Drafts of the last 24 h that the creator has not posted. */
export const pendingShares = (world: World, account: Account): number =>
  account.other_pending_shares +
  recent(world).filter((post) => post.account === account && post.mode === 'inbox' && post.status !== 'PUBLISH_COMPLETE' && isAlive(world, post)).length;

/** Whether one more creator may post through this app today. */
export function isActiveUserCapReached(world: World, account: Account): boolean {
  const active = new Set(recent(world).map((post) => post.account));
  const { limits, app } = world.settings.current;
  return !active.has(account) && active.size >= (isAudited(world, account) ? app.active_user_cap : Math.min(limits.unaudited_users, app.active_user_cap));
}
