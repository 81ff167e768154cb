import { createPushActivities, ensurePushing } from '../../activities/social/push/push.activities.ts';
import { createWakes } from '../../activities/social/push/wakes.ts';
import { pushOptions } from '../../config/social.ts';
import { createListener, type Listener } from '../../db/listener.ts';
import { CHANNELS } from '../../domain/names.ts';
import { createFcm } from '../../social/push/fcm.ts';
import type { SocialContext, SocialPart } from './parts.ts';
import { addPushMetrics } from './push-metrics.ts';

/** Push notifications of the app. Where FCM is not set up each notification says so in its row. */
export function createPushPart({ context, log }: SocialContext): SocialPart {
  const { env, database, databaseUrl, client, metrics } = context;
  const { fcm, off } = pushOptions(env);
  const service = fcm && createFcm(fcm);
  const wakes = createWakes();
  const deps = {
    db: database.db,
    service,
    off,
    wakes,
    count: addPushMetrics(metrics.registry, database.db),
    logger: log,
    client,
    taskQueuePrefix: env.TEMPORAL_TASK_QUEUE_PREFIX,
  };
  let listener: Listener | null = null;
  return {
    activities: createPushActivities(deps),
    async started() {
      listener = createListener({
        url: databaseUrl,
        channels: [CHANNELS.app],
        onNotice: () => wakes.all(),
        onConnected: () => wakes.all(),
        onError: (error) => log.warn({ err: error }, 'what wakes the pushes lost its connection'),
      });
      // The Schedule does it, too; here it need not be waited for.
      await ensurePushing(deps).catch((error: unknown) => log.warn({ err: error }, 'the workflow that pushes could not be started yet'));
    },
    async close() {
      await listener?.close();
      await service?.close();
    },
  };
}
