import { condition, continueAsNew, proxyActivities, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { StockActivities } from '../activities/shop/stock/stock.activities.ts';
import { backoffMs, DEFAULT_DELIVERY_TIMINGS } from '../domain/contracts/delivery.ts';
import type { ChannelInput } from '../domain/contracts/shop-sync.ts';
import { wakeSignal } from './wake.messages.ts';

// PostgreSQL being gone is waited for; what TikTok does is in the report.
const { pushStock } = proxyActivities<StockActivities>({
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '500ms', maximumInterval: '30 seconds' },
});

const DEFAULT_TIMINGS = { retry_initial_ms: 1_000, retry_max_ms: 300_000, max_history: 2_000 };
/** A shop that is connected again is synchronized, which wakes this; the look is for a wake that was lost. */
const PAUSED_LOOK_MS = 15 * 60_000;

/** The only one that writes a channel's stock to TikTok: one value after the other, until none waits. */
export async function channelStock(input: ChannelInput): Promise<void> {
  const timings = { ...DEFAULT_TIMINGS, ...input.timings };
  const channel = { channel_id: input.channel_id, workspace_id: input.workspace_id };
  let woken = false;
  let failures = 0;
  setHandler(wakeSignal, () => {
    woken = true;
  });
  upsertSearchAttributes({ WorkspaceId: [input.workspace_id], ChannelId: [input.channel_id] });

  while (workflowInfo().historyLength < timings.max_history) {
    woken = false;
    const report = await pushStock(channel);
    // A wake that comes while the last pass ends makes Temporal run this again, with `woken` set.
    if (report.kind === 'idle' && !woken) return;
    failures = report.kind === 'later' ? failures + 1 : 0;
    if (report.kind === 'paused') {
      setCurrentDetails(`Paused: ${report.reason}`);
      await condition(() => woken, PAUSED_LOOK_MS);
    } else if (report.kind === 'later') {
      setCurrentDetails(`${failures} failures in a row: ${report.reason}`);
      const wait = { ...DEFAULT_DELIVERY_TIMINGS, backoff_initial_ms: timings.retry_initial_ms, backoff_max_ms: timings.retry_max_ms };
      // News does not shorten it: TikTok wants to be left alone.
      await condition(() => workflowInfo().historyLength >= timings.max_history, Math.max(backoffMs(failures, wait, Math.random()), report.retry_after_ms ?? 0));
    } else setCurrentDetails('Sending.');
  }
  await continueAsNew<typeof channelStock>(input);
}
