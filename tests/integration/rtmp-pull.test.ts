import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createPullActivities } from '../../activities/streaming/pull.activities.ts';
import { endByTable } from '../../activities/streaming/media-pulse.ts';
import { rotateStreamKey } from '../../db/stream.repository.ts';
import { touchSessions } from '../../db/stream-session.repository.ts';
import { createPuller, type Puller, type PullerOptions } from '../../media/rtmp/puller.ts';
import type { LiveSession } from '../../media/live-session.ts';
import { decodeStage, flowing, openIngestWorld, publishRtmp, type IngestWorld } from '../helpers/ingest-world.ts';
import { eventually } from '../helpers/eventually.ts';
import { freePort } from '../helpers/start.ts';
import { signPullToken } from '../../workers/media/pull-token.ts';

let world: IngestWorld;
let puller: Puller;
let port: number;

beforeAll(async () => {
  [world, port] = await Promise.all([openIngestWorld(), freePort()]);
  puller = createPuller({ ...optionsOf(world), pullUrl: `rtmp://127.0.0.1:${port}/live/`, firstPacketMs: 15_000 });
}, 120_000);

afterAll(async () => {
  await world?.close();
}, 60_000);

const optionsOf = ({ database, sessions, logger }: IngestWorld): Omit<PullerOptions, 'pullUrl'> => ({
  sessions,
  ffmpeg: 'ffmpeg',
  playToken: (streamId) => signPullToken(streamId, 'j'.repeat(32)),
  async endInTable(sessionId) {
    const [news] = await touchSessions(database.db, [sessionId], []);
    return news ? endByTable(news) : null;
  },
  onTrouble: () => undefined,
  logger,
});
const pull = async (stream: { id: string; key: string }): Promise<LiveSession> => puller.pull({ stream_id: stream.id, grant: await world.gate.publisherByKey(stream.key), request_id: 'asked-for' });

describe('a stream that another media server announced', () => {
  it('is fetched from there into a session of its own, once, and ends when it ends there', async () => {
    const stream = await world.stream();
    // ffmpeg stands in for the other server: it gives the stream to the one who plays it.
    const source = publishRtmp(`rtmp://127.0.0.1:${port}/live/${stream.id}`, { extra: ['-listen', '1'] });
    const session = await eventually(() => pull(stream), { timeoutMs: 60_000 });
    expect(session).toMatchObject({ kind: 'rtmp_pull', grant: { stream_id: stream.id } });
    await flowing(session.stage, ['audio', 'video'], 2_000);
    expect((await decodeStage(session.stage, 'video', 20)).frames).toBe(20);
    expect(await pull(stream)).toBe(session);
    expect(JSON.stringify(world.lines)).not.toContain('token=');
    await source.stop();
    expect((await session.ended).reason).toMatch(/^(closed|connection_lost)$/);
  }, 120_000);

  it('that is not there is refused with the reason, and claims nothing', async () => {
    const stream = await world.stream();
    await expect(pull(stream)).rejects.toMatchObject({ code: 'stream_not_live', detail: expect.stringContaining('Connection refused') });
    expect(world.sessions.ofStream(stream.id)).toBeNull();
  }, 60_000);

  it('is not fetched when its key was rotated since it was announced: its encoder is the old one', async () => {
    const stream = await world.stream();
    const activities = createPullActivities({ db: world.database.db, puller });
    const asked = { stream_id: stream.id, announcement_id: 'one', request_id: null, key_version: 1 };
    await rotateStreamKey(world.database.db, stream.id);
    const source = publishRtmp(`rtmp://127.0.0.1:${port}/live/${stream.id}`, { extra: ['-listen', '1'] });
    const fetched = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(activities.pullStream, asked);
    // Until the other server listens.
    const refused = await eventually(() => fetched().catch((failure: { type: string }) => (failure.type === 'stream_not_live' ? null : failure)), { timeoutMs: 60_000 });
    expect(refused).toMatchObject({ type: 'stream_key_unknown', nonRetryable: true });
    expect(world.sessions.ofStream(stream.id)).toBeNull();
    await source.stop();
  }, 90_000);

  it('needs to be told where from', async () => {
    const stream = await world.stream();
    const nowhere = createPuller({ ...optionsOf(world), pullUrl: undefined });
    await expect(nowhere.pull({ stream_id: stream.id, grant: await world.gate.publisherByKey(stream.key), request_id: null })).rejects.toMatchObject({ code: 'feature_off' });
  });
});
