import type { RuleEvent } from '../domain/contracts/rule.ts';
import type { Db } from './client.ts';
import { findEvent, toLiveEvent } from './event.repository.ts';
import { findShopEvent } from './shop-event.repository.ts';

/** An event of the workspace, of a LIVE or of a shop. */
export async function findRuleEvent(db: Db, workspaceId: string, id: string): Promise<RuleEvent | undefined> {
  const row = await findEvent(db, workspaceId, id);
  return row ? toLiveEvent(row) : findShopEvent(db, workspaceId, id);
}
