import { condition, continueAsNew, proxyActivities, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ShopWebhookActivities } from '../activities/shop/webhooks/webhook.activities.ts';
import { backoffMs } from '../domain/contracts/delivery.ts';
import { DEFAULT_SHOP_WEBHOOK_TIMINGS, type ProcessShopWebhooksInput, type ShopWebhookReport, type ShopWebhookTimings } from '../domain/contracts/shop-webhook.ts';
import { shopWebhooksQuery, wakeSignal, type ShopWebhooksView } from './process-shop-webhook.messages.ts';

// PostgreSQL being gone is waited for; a webhook that can't be passed on is in the report.
const { processShopWebhooks } = proxyActivities<ShopWebhookActivities>({
  startToCloseTimeout: '3 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '500ms', maximumInterval: '30 seconds' },
  summary: 'tells those whom webhooks concern',
});
const { sweepShopWebhooks: sweepWebhooks } = proxyActivities<ShopWebhookActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 5 },
});

type Retry = NonNullable<ProcessShopWebhooksInput['carried']>['retry'];

/** Processes a shop's webhooks until none is open; new ones never wait for those that fail. */
export async function processShopWebhook(input: ProcessShopWebhooksInput): Promise<void> {
  const timings: ShopWebhookTimings = { ...DEFAULT_SHOP_WEBHOOK_TIMINGS, ...input.timings };
  const view: ShopWebhooksView = { processed: 0, ignored: 0, failed: 0, waiting: 0 };
  let retry: Retry = input.carried?.retry ?? null;
  let woken = false;
  let isNamed = false;
  setHandler(wakeSignal, () => {
    woken = true;
  });
  setHandler(shopWebhooksQuery, () => view);

  while (workflowInfo().historyLength < timings.max_history) {
    woken = false;
    const includes_failed = retry === null || Date.now() >= retry.at_ms;
    const report = await processShopWebhooks({ shop_id: input.shop_id, includes_failed, attempts: timings.attempts, batch: timings.batch });
    note(report);
    if (report.waiting === 0) retry = null;
    else if (includes_failed && !report.more) retry = nextRetry(retry, timings);
    else retry ??= nextRetry(retry, timings);
    // A wake that comes while the last pass ends makes Temporal run this again, with `woken` set.
    if (report.more || woken) continue;
    if (retry === null) return;
    await condition(() => woken, Math.max(1, retry.at_ms - Date.now()));
  }
  await continueAsNew<typeof processShopWebhook>({ ...input, carried: { retry } });

  function note(report: ShopWebhookReport): void {
    view.processed += report.processed;
    view.ignored += report.ignored;
    view.failed += report.failed;
    view.waiting = report.waiting;
    if (report.waiting > 0 || report.failed > 0) setCurrentDetails(`${report.waiting} webhooks are tried again; ${view.failed} were given up.`);
    if (isNamed || !report.channel) return;
    isNamed = true;
    upsertSearchAttributes({ WorkspaceId: [report.channel.workspace_id], ChannelId: [report.channel.channel_id] });
  }
}

function nextRetry(last: Retry, { retry_initial_ms, retry_max_ms }: ShopWebhookTimings): NonNullable<Retry> {
  const failures_in_a_row = (last?.failures_in_a_row ?? 0) + 1;
  const wait = backoffMs(failures_in_a_row, { backoff_initial_ms: retry_initial_ms, backoff_max_ms: retry_max_ms, give_up_after_ms: 0 }, Math.random());
  return { failures_in_a_row, at_ms: Date.now() + wait };
}

/** Run by a Schedule: webhooks whose workflow could not be started when they came. */
export async function sweepShopWebhooks(): Promise<number> {
  return sweepWebhooks();
}
