import { createBroadcastActivities } from '../../activities/streaming/broadcast.activities.ts';
import { createBroadcastHostActivities } from '../../activities/streaming/broadcast-host.activities.ts';
import { createBroadcastStarter } from '../../activities/streaming/broadcast-starter.ts';
import { createHostRegister } from '../../activities/streaming/host-register.ts';
import type { MediaContext, MediaPart } from './parts.ts';

/** The lives of streams, and what this host says of itself. */
export function createStreamsPart({ context, host, sessions, audiences, log }: MediaContext): MediaPart {
  const { env, client } = context;
  const { db, pool } = context.database;
  const starter = createBroadcastStarter(client, env.TEMPORAL_TASK_QUEUE_PREFIX);
  const register = createHostRegister({
    db,
    host: () => ({ id: host.id, public_url: host.public_url, rtmp_url: host.rtmp_url, task_queue: host.task_queue, features: host.features }),
    sessions,
    audiences,
    logger: log,
  });
  return {
    activities: createBroadcastActivities({ db, pool, startBroadcast: (input) => starter.start(input), graceMs: env.STREAM_GRACE_S * 1_000 }),
    hostActivities: createBroadcastHostActivities(db, sessions),
    started: () => register.start(),
    close: () => register.stop(),
  };
}
