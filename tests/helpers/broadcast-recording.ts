import { newId } from '../../db/ids.ts';
import { endBroadcastSignal, keyRotatedSignal, publishAnnouncedSignal } from '../../workflows/broadcast.messages.ts';
import { eventually } from './eventually.ts';
import { recordHistory } from './record-history.ts';
import { createStreamWorld, seedStream, type SeededStream, type StreamWorld } from './streams.ts';

/** Each takes a stream to its end. */
const RECORDINGS: Record<string, (world: StreamWorld, stream: SeededStream) => Promise<void>> = {
  broadcast: recordEnded,
  'broadcast-lost': recordLost,
  'broadcast-waiting': recordWaiting,
};
export const BROADCAST_RECORDINGS = Object.keys(RECORDINGS);

/** @returns the files */
export async function recordBroadcasts(names: readonly string[]): Promise<string[]> {
  const world = await createStreamWorld({ grace_ms: 3_000, heartbeat_timeout_ms: 5_000 });
  const files: string[] = [];
  try {
    await world.work({
      pullStream: () => Promise.resolve(),
      openRecordingVod: ({ vod_id }: { vod_id: string }) => Promise.resolve(vod_id),
      readLedger: () => Promise.resolve({ unsettled: 1, total: 1, lost: 0 }),
    });
    for (const name of names) {
      const stream = await seedStream(world.db, world.owner);
      await RECORDINGS[name]!(world, stream);
      await world.handle(stream).result();
      files.push(await recordHistory(world.temporal.client, name, world.handle(stream).workflowId));
    }
    return files;
  } finally {
    await world.close();
  }
}

const reaches = (world: StreamWorld, stream: SeededStream, status: string) => eventually(async () => (await world.row(stream)).status === status, { timeoutMs: 60_000 });

/** Announced, live, cut, live again, its key rotated, live with the new one, ended by a person, and its recording handed on. */
async function recordEnded(world: StreamWorld, stream: SeededStream): Promise<void> {
  const host = await world.host();
  await host.work();
  await world.starter.start(world.inputOf(stream, { timings: { grace_ms: 60_000 } }));
  await world.handle(stream).signal(publishAnnouncedSignal, { announcement_id: 'announced', at_ms: Date.now(), request_id: null });
  const first = await host.publish(stream);
  await reaches(world, stream, 'live');
  await recordedSegment(world, stream, first.id);
  first.end('connection_lost');
  await reaches(world, stream, 'reconnecting');
  const second = await host.publish(stream);
  await reaches(world, stream, 'live');
  await world.db.updateTable('streams').set({ key_version: 2 }).where('id', '=', stream.id).execute();
  await world.handle(stream).signal(keyRotatedSignal, { key_version: 2 });
  await reaches(world, stream, 'reconnecting');
  await host.publish(stream, { grant: { ...second.grant, key_version: 2 } });
  await reaches(world, stream, 'live');
  await world.handle(stream).signal(endBroadcastSignal, { user_id: stream.user_id, request_id: null });
}

/** Live, its host dead, and nobody comes back. */
async function recordLost(world: StreamWorld, stream: SeededStream): Promise<void> {
  const host = await world.host();
  await host.work();
  await host.publish(stream);
  await reaches(world, stream, 'live');
  host.vanish();
}

/** Made, and ended before anybody came. */
async function recordWaiting(world: StreamWorld, stream: SeededStream): Promise<void> {
  await world.starter.start(world.inputOf(stream));
  await eventually(async () => (await world.view(stream)).deadline_ms !== null);
  await world.handle(stream).signal(endBroadcastSignal, { user_id: stream.user_id, request_id: null });
}

async function recordedSegment({ db }: StreamWorld, { id: stream_id }: SeededStream, session_id: string): Promise<void> {
  const run_id = newId();
  await db.insertInto('recording_runs').values({ id: run_id, stream_id, session_id, host_id: 'host', number: 1, started_at: new Date(), init_state: 'open' }).execute();
  await db.insertInto('recording_segments').values({ stream_id, sequence: 1, run_id, state: 'open', started_at: new Date(), size_bytes: 0 }).execute();
}
