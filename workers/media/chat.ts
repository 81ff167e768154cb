import { createChatRestrictionActivities } from '../../activities/streaming/chat-restriction.ts';
import type { MediaContext, MediaPart } from './parts.ts';

/** Timers of mutes and bans. The chat itself is the API's. */
export const createChatPart = ({ context: { database, client, env } }: MediaContext): MediaPart => ({
  activities: createChatRestrictionActivities({ db: database.db, client, taskQueuePrefix: env.TEMPORAL_TASK_QUEUE_PREFIX }),
});
