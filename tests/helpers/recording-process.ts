import { createHlsArchive } from '../../activities/streaming/hls-archive.ts';
import { createRecordingLedger } from '../../activities/streaming/recording-ledger.ts';
import { pino } from 'pino';
import { openDb } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import { createEgress } from '../../media/egress/egress.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import type { LiveSession, PublishGrant } from '../../media/live-session.ts';
import { openStageWorld } from './stage-world.ts';

/** What a process of tests/integration/egress.kill.test.ts is told, as its one argument. */
export interface RecordingProcessInput {
  databaseUrl: string;
  hostId: string;
  folder: string;
  storageFolder: string;
  session: { id: string; epoch: number; grant: PublishGrant };
}

/** Records a test picture into one session until it is killed. */
const { databaseUrl, hostId, folder, storageFolder, session } = JSON.parse(process.argv[2]!) as RecordingProcessInput;
const database = openDb({ url: databaseUrl, max: 4, name: 'recording-process' });
const world = await openStageWorld();
const stage = await world.pool.open(session.grant.stream_id);
const nothing = (): void => undefined;
const egress = createEgress({
  ffmpeg: 'ffmpeg',
  folder,
  storage: createLocalStorage(storageFolder),
  ledger: createRecordingLedger({ database, hostId, hint: nothing }),
  archive: createHlsArchive(database.db),
  observer: { runBegan: nothing, runEnded: nothing, fragment: nothing, segment: nothing, trouble: nothing, storage: nothing },
  newId,
  logger: pino({ level: 'silent' }),
});
const source = await world.feed(stage, { participantId: session.id });
egress.follow({ ...session, kind: 'whip', stage, started_at: new Date(), ended: new Promise(nothing), announce: () => Promise.resolve(), end: nothing } satisfies LiveSession);
// The encoder is another process in life: whoever kills this one ends it, too.
process.stdout.write(`${JSON.stringify({ encoder: source.ffmpeg.pid })}\n`);
// Ends with whoever started it.
process.stdin.on('end', () => process.exit()).resume();
