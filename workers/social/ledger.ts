import { createLedgerActivities } from '../../activities/social/ledger/ledger.activities.ts';
import { createFeedNotifier } from '../../db/feed-notifier.ts';
import { addLedgerMetrics } from './ledger-metrics.ts';
import type { SocialContext, SocialPart } from './parts.ts';

/** Proves the ledger each night (workflow checkLedger, by a Schedule), and tells Prometheus what came out. */
export function createLedgerPart({ context, log }: SocialContext): SocialPart {
  const { db, pool } = context.database;
  const feed = createFeedNotifier(pool);
  addLedgerMetrics(context.metrics.registry, db);
  return { activities: createLedgerActivities({ db, pool, hint: (workspaceId) => feed.hint(workspaceId), logger: log }) };
}
