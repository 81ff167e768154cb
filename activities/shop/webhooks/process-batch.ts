import { errorMessageOf, isTemporalAway } from './faults.ts';
import {
  countTriedShopWebhooks,
  findShopOwner,
  ignoreShopWebhooks,
  listOpenShopWebhooks,
  settleShopWebhooks,
  type OpenShopWebhook,
} from '../../../db/shop-webhook-queue.repository.ts';
import type { ShopWebhookPass, ShopWebhookReport } from '../../../domain/contracts/shop-webhook.ts';
import { routeWebhooks, type RoutedWebhook, type WebhookRoute } from '../../../domain/shop/webhook-routes.ts';
import { parseShopWebhook } from '../../../domain/shop/webhook.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import { followRoute } from './follow-route.ts';
import type { ShopWebhookActivityDeps } from './webhook.activities.ts';

const AT_ONCE = 10;
const NO_OWNER = 'ignored: no workspace has this shop';
const NO_SHOP = 'ignored: it names no shop';

/** What one webhook's routes came to: its outcomes so far, and the first failure. */
interface Progress {
  outcomes: Set<string>;
  ignoredAll: boolean;
  fault: { reason: string; isAway: boolean } | null;
}

/** One pass over a shop's open webhooks: at most `batch` of them, each told to those whom it concerns, several of one order at once. */
export async function processBatch({ db, workflows, early, logger }: ShopWebhookActivityDeps, { shop_id, includes_failed, attempts, batch }: ShopWebhookPass): Promise<ShopWebhookReport> {
  const owner = shop_id === '' ? undefined : await findShopOwner(db, shop_id);
  if (!owner) {
    const ignored = await ignoreShopWebhooks(db, shop_id, shop_id === '' ? NO_SHOP : NO_OWNER, batch);
    return { channel: null, processed: 0, ignored, failed: 0, more: ignored === batch, waiting: 0 };
  }
  const isPaused = owner.state === 'paused';
  const open = await listOpenShopWebhooks(db, shop_id, { limit: batch, untriedOnly: !includes_failed, isPaused });
  const progress = new Map(open.map(({ id }): [string, Progress] => [id, { outcomes: new Set(), ignoredAll: true, fault: null }]));
  const { routes, ignored } = routeWebhooks(open.flatMap((row) => readable(row, progress)));
  for (const { id, reason } of ignored) progress.get(id)!.outcomes.add(reason);
  const read = await takenEarly(routes);
  await eachInLanes(routes, AT_ONCE, (route) => follow(route, progress));

  const settled = open.map((row) => settle(row, progress.get(row.id)!, attempts));
  await settleShopWebhooks(db, settled, owner);
  const count = (state: string): number => settled.filter((each) => each.state === state).length;
  const { channel_id, workspace_id } = owner;
  return {
    channel: { channel_id, workspace_id },
    processed: count('processed'),
    ignored: count('ignored'),
    failed: count('failed'),
    // A full batch of what was tried before says nothing of untried ones: those come first.
    more: open.length === batch && open.at(-1)?.attempts === 0,
    waiting: await countTriedShopWebhooks(db, shop_id, isPaused),
  };

  /** A paused channel can't be asked, and what a replay is about is asked for by its workflow. */
  async function takenEarly(all: readonly WebhookRoute[]): Promise<ReadonlySet<string>> {
    const ids = all.flatMap((route) => (route.to === 'order' && route.news === 'order' && route.update_time_ms !== null ? [route.order_id] : []));
    return isPaused || ids.length === 0 || !early ? new Set() : early(owner!.channel_id, ids);
  }

  async function follow(route: WebhookRoute, all: Map<string, Progress>): Promise<void> {
    const concerned = route.webhook_ids.map((id) => all.get(id)!);
    try {
      const { outcome, is_ignored } = await followRoute(workflows, owner!, route, read);
      for (const each of concerned) {
        each.outcomes.add(outcome);
        each.ignoredAll &&= is_ignored;
      }
    } catch (error) {
      // One that can't be told must not keep the others from being told.
      logger.warn({ err: error, shop_id, webhook_ids: route.webhook_ids.slice(0, 10) }, 'what a webhook says could not be passed on; it is tried again');
      for (const each of concerned) each.fault = { reason: errorMessageOf(error), isAway: isTemporalAway(error) };
    }
  }
}

/** A body that was readable when it came; should a later release not read it any more, it is shown as failed. */
function readable({ id, body, replays }: OpenShopWebhook, progress: Map<string, Progress>): RoutedWebhook[] {
  const parsed = parseShopWebhook(body);
  if (parsed.ok) return [{ id, webhook: parsed.webhook, is_replay: replays > 0 }];
  progress.get(id)!.fault = { reason: parsed.reason, isAway: false };
  return [];
}

/** While Temporal is away nothing is wrong with the webhook: that costs it no attempt, but puts it behind those that are untried. */
function settle({ id, replays, attempts }: OpenShopWebhook, { outcomes, ignoredAll, fault }: Progress, most: number) {
  if (fault === null) {
    const said = [...outcomes].join('; ');
    return ignoredAll ? { id, replays, state: 'ignored' as const, outcome: `ignored: ${said}`, counts: true } : { id, replays, state: 'processed' as const, outcome: said, counts: true };
  }
  const counts = !fault.isAway || attempts === 0;
  const isLast = !fault.isAway && attempts + 1 >= most;
  return { id, replays, state: isLast ? ('failed' as const) : ('received' as const), outcome: `${isLast ? 'given up' : 'tried again'}: ${fault.reason}`, counts };
}

