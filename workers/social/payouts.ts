import { createPayoutActivities } from '../../activities/social/payouts/payout.activities.ts';
import type { SocialContext, SocialPart } from './parts.ts';

/** Payouts of coins. */
export const createPayoutsPart = ({ context, log }: SocialContext): SocialPart => ({
  activities: createPayoutActivities({ db: context.database.db, client: context.client, taskQueuePrefix: context.env.TEMPORAL_TASK_QUEUE_PREFIX, logger: log }),
});
