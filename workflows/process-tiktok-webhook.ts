import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { WebhookActivities } from '../activities/publish/webhook.activities.ts';
import type { TikTokWebhookInput } from '../domain/contracts/social-account.ts';

const { processWebhook } = proxyActivities<WebhookActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
  summary: 'what the webhook says',
});
const { sweepTikTokWebhooks: sweepWebhooks, sweepPosts: sweepNeglected } = proxyActivities<WebhookActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 5 },
});

/** Does what one of TikTok's webhooks asks for, once: its id is the SHA-256 of the body. @returns what came of it */
export async function processTikTokWebhook({ webhook_id }: TikTokWebhookInput): Promise<string> {
  const outcome = await processWebhook(webhook_id);
  setCurrentDetails(outcome);
  return outcome;
}

/** Run by a Schedule: webhooks whose workflow could not be started when they came. */
export async function sweepTikTokWebhooks(): Promise<number> {
  return sweepWebhooks();
}

/** Run by a Schedule: posts whose workflow could not be started, or was lost. */
export async function sweepPosts(): Promise<number> {
  return sweepNeglected();
}
