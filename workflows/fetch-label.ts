import { proxyActivities, sleep, upsertSearchAttributes } from '@temporalio/workflow';
import type { ShippingActivities } from '../activities/shop/shipping/shipping.activities.ts';
import { DEFAULT_LABEL_TIMINGS, type FetchLabelInput, type LabelOutcome } from '../domain/contracts/shop-shipping.ts';

const { fetchLabelOnce } = proxyActivities<ShippingActivities>({
  startToCloseTimeout: '50 seconds',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '200ms', maximumInterval: '2s', maximumAttempts: 5 },
  summary: 'asks TikTok for the document',
});

/** Brings a package's label here for a person who waits; TikTok may need some seconds to make it. Its bytes lie in storage. */
export async function fetchLabel(input: FetchLabelInput): Promise<LabelOutcome> {
  upsertSearchAttributes({ WorkspaceId: [input.workspace_id], ChannelId: [input.channel_id] });
  const { retry_initial_ms, retry_max_ms, give_up_ms } = { ...DEFAULT_LABEL_TIMINGS, ...input.timings };
  const until = Date.now() + give_up_ms;
  for (let pause = retry_initial_ms; ; pause = Math.min(pause * 2, retry_max_ms)) {
    const step = await fetchLabelOnce(input);
    if (step.kind !== 'later') return step;
    const wait = Math.max(pause, step.after_ms ?? 0);
    if (Date.now() + wait > until) return { kind: 'refused', code: step.code, reason: step.reason };
    await sleep(wait);
  }
}
