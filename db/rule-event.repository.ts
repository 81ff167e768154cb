import type { RuleEvent } from '../domain/contracts/rule.ts';
import type { Db } from './client.ts';
import { findEvent, toLiveEvent } from './event.repository.ts';
import { findShopEvent } from './shop-event.repository.ts';
import { findSocialEvent } from './social-event.repository.ts';

/** An event of the workspace: of a LIVE, of a shop, or of the social app. */
export async function findRuleEvent(db: Db, workspaceId: string, id: string): Promise<RuleEvent | undefined> {
  const row = await findEvent(db, workspaceId, id);
  return row ? toLiveEvent(row) : ((await findShopEvent(db, workspaceId, id)) ?? findSocialEvent(db, workspaceId, id));
}
