import { createAccountActivities } from '../../activities/social/accounts/account.activities.ts';
import type { SocialContext, SocialPart } from './parts.ts';

/** Deletes accounts and writes exports. */
export const createAccountsPart = ({ context, storage, log }: SocialContext): SocialPart => ({
  activities: createAccountActivities({ db: context.database.db, storage, client: context.client, taskQueuePrefix: context.env.TEMPORAL_TASK_QUEUE_PREFIX, logger: log }),
});
