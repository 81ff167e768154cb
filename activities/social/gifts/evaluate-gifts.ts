import type { Transaction } from 'kysely';
import type { Logger } from 'pino';
import { notifyAppUser } from '../../../db/app-notification.repository.ts';
import type { Db } from '../../../db/client.ts';
import { markGiftsSeen, takeUnseenGifts } from '../../../db/gift.repository.ts';
import { newId } from '../../../db/ids.ts';
import type { Database } from '../../../db/schema.ts';
import { storeSocialEvents } from '../../../db/social-event.repository.ts';
import { giftEvent, type GiftTold } from '../../../domain/social/gift-event.ts';
import { giftNotices } from '../../../domain/social/gift-notice.ts';
import type { RuleDecider } from '../../live/rule-decider.ts';

export interface EvaluateGiftsDeps {
  db: Db;
  rules: RuleDecider;
  /** Tells followers of the workspace's stream. Never throws. */
  hint: (workspaceId: string) => void;
  /** Makes sure that the target's deliverActions workflow runs; never throws. */
  wake: (target: string, workspaceId: string) => void;
  logger: Pick<Logger, 'debug'>;
}

/** Gifts of one transaction: it locks the workspace's feed at its end. */
export const GIFT_BATCH = 100;

/**
 * Puts gifts before the workspace's rules and on its stream, and tells their receivers: all of a batch or nothing, each gift once, however many workers do it.
 * @returns how many gifts there were; less than GIFT_BATCH: no more are left
 */
export async function evaluateGifts({ db, rules, hint, wake, logger }: EvaluateGiftsDeps, limit = GIFT_BATCH): Promise<number> {
  const { count, appended } = await db.transaction().execute(async (trx) => {
    const gifts = await takeUnseenGifts(trx, limit);
    if (gifts.length === 0) return { count: 0, appended: [] };
    await markGiftsSeen(
      trx,
      gifts.map(({ id }) => id),
    );
    for (const notice of giftNotices(gifts)) await notifyAppUser(trx, notice);
    // Feeds are locked until the commit: by all in one order.
    const groups = [...groupByWorkspace(gifts)].sort(([a], [b]) => (a < b ? -1 : 1));
    const appended: { workspace_id: string; targets: string[] }[] = [];
    for (const [workspace_id, group] of groups) appended.push({ workspace_id, targets: await append(trx, rules, workspace_id, group) });
    return { count: gifts.length, appended };
  });
  for (const { workspace_id, targets } of appended) {
    hint(workspace_id);
    for (const target of targets) wake(target, workspace_id);
  }
  if (count > 0) logger.debug({ gifts: count }, 'gifts were put before the rules');
  return count;
}

async function append(trx: Transaction<Database>, rules: RuleDecider, workspace_id: string, gifts: readonly GiftTold[]): Promise<string[]> {
  const events = gifts.map((gift) => giftEvent(gift, newId(), new Date()));
  return storeSocialEvents(trx, { workspace_id, events, ...(await rules.decide(trx, workspace_id, events)) });
}

function groupByWorkspace(gifts: readonly GiftTold[]): Map<string, GiftTold[]> {
  const groups = new Map<string, GiftTold[]>();
  for (const gift of gifts) groups.set(gift.workspace_id, [...(groups.get(gift.workspace_id) ?? []), gift]);
  return groups;
}
