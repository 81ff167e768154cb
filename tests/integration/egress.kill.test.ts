import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRecordingLedger } from '../../activities/streaming/recording-ledger.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import { createBringIn, type BringIn } from '../../media/recording/bring-in.ts';
import { recordingDisk } from '../../media/recording/recording-disk.ts';
import { decode } from '../helpers/decoded.ts';
import { filesIn, openEgressWorld, settled, type EgressWorld } from '../helpers/egress-world.ts';
import { eventually } from '../helpers/eventually.ts';
import type { TestStream } from '../helpers/ingest-world.ts';
import type { RecordingProcessInput } from '../helpers/recording-process.ts';
import { quietLog } from '../helpers/quiet-log.ts';

let world: EgressWorld;
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'showrunner-kill-'));
  world = await openEgressWorld({ storage: createLocalStorage(join(root, 'storage')) });
}, 60_000);
afterAll(async () => {
  await world.close();
  await rm(root, { recursive: true, force: true });
}, 60_000);

/** Another process of this host, which records until it is killed with -9; its encoder with it. */
async function recordAndKill(stream: TestStream, folder: string, hostId: string, until: () => Promise<boolean>): Promise<number> {
  const session = await world.ingest.sessions.begin({ grant: await world.ingest.gate.publisherByKey(stream.key), kind: 'whip', remote_address: null, user_agent: null, request_id: null });
  const input: RecordingProcessInput = {
    databaseUrl: world.ingest.database.url,
    hostId,
    folder,
    storageFolder: join(root, 'nowhere'),
    session: { id: session.id, epoch: session.epoch, grant: session.grant },
  };
  // Storage that takes nothing: the folder is a file.
  await writeFile(input.storageFolder, '');
  const child = spawn(process.execPath, ['--import', 'tsx', 'tests/helpers/recording-process.ts', JSON.stringify(input)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { encoder } = JSON.parse(line.toString()) as { encoder: number };
  try {
    await eventually(until, { timeoutMs: 90_000 });
  } finally {
    child.kill('SIGKILL');
    process.kill(encoder, 'SIGKILL');
  }
  const killedAt = Date.now();
  await once(child, 'close');
  session.end('closed');
  return killedAt;
}

function bringIn(folder: string, hostId: string): BringIn {
  const ledger = createRecordingLedger({ database: world.ingest.database, hostId, hint: () => undefined });
  return createBringIn({ disk: recordingDisk, ledger, storage: world.storage, folder, active: { has: () => false }, onStored: () => false, onStorage: () => undefined, takeInMs: 100, logger: quietLog });
}

test('A process that is killed with -9 loses at most 2 s of its recording; the next one brings in what is left', async () => {
  const stream = await world.stream();
  const [folder, hostId] = [join(root, 'first'), 'killed-host'];
  const grows = async (): Promise<boolean> => {
    const segments = await world.segments(stream);
    const open = segments.findLast(({ state }) => state === 'open');
    if (segments.length < 3 || !open) return false;
    // In the middle of a segment.
    const path = join(folder, stream.id, open.run_id, `${open.sequence}.m4s`);
    return (await stat(path).catch(() => ({ size: 0 }))).size > 60_000;
  };
  const killedAt = await recordAndKill(stream, folder, hostId, grows);
  const before = await world.segments(stream);
  expect(before.map(({ state }) => state)).toEqual([...before.slice(0, -1).map(() => 'closed'), 'open']);
  // What a kill in the middle of a write leaves behind.
  const open = before.at(-1)!;
  await writeFile(join(folder, stream.id, open.run_id, `${open.sequence}.m4s`), Buffer.from([0, 0, 0x20, 0, 0x6d, 0x6f, 0x6f, 0x66, 1, 2, 3]), { flag: 'a' });

  const bringing = bringIn(folder, hostId);
  const segments = await settled(world, stream, before.length);
  await eventually(async () => {
    bringing.wake();
    return (await readdir(folder)).length === 0;
  });
  await bringing.close();
  expect(segments.map(({ state }) => state)).toEqual(before.map(() => 'stored'));
  const last = segments.at(-1)!;
  expect(last.duration_ms).toBeGreaterThan(200);
  expect(killedAt - (last.started_at.getTime() + last.duration_ms)).toBeLessThan(2_000);
  const { faults, duration_s } = await decode((await world.joined(stream))[0]!);
  expect(faults).toBe('');
  expect(duration_s * 1_000).toBeGreaterThan(segments.reduce((sum, { duration_ms }) => sum + duration_ms, 0) - 300);
  expect((await world.runs(stream)).map(({ end_reason, init_state }) => ({ end_reason, init_state }))).toEqual([{ end_reason: 'media_host_died', init_state: 'stored' }]);
}, 180_000);

test('What the ledger knows and the disk has lost is said to be lost; what only the disk knows gets its line', async () => {
  const stream = await world.stream();
  const [folder, hostId] = [join(root, 'second'), 'other-host'];
  await rm(join(root, 'nowhere'), { force: true });
  await recordAndKill(stream, folder, hostId, async () => (await world.segments(stream)).length >= 4);
  const before = await world.segments(stream);
  const [run] = await world.runs(stream);
  const path = join(folder, stream.id, run!.id);
  // The first is gone from the disk; of the second PostgreSQL never heard.
  await rm(join(path, '1.m4s'));
  await world.ingest.database.db.deleteFrom('recording_segments').where('stream_id', '=', stream.id).where('sequence', '=', 2).execute();
  // Something that is no run at all must not be in the way.
  await mkdir(join(folder, stream.id, 'not-a-run'));
  const bringing = bringIn(folder, hostId);
  const after = await eventually(async () => {
    const segments = await world.segments(stream);
    return segments.length === before.length && segments.every(({ state }) => state === 'stored' || state === 'lost') ? segments : null;
  }, { timeoutMs: 60_000 });
  await eventually(async () => {
    bringing.wake();
    return (await readdir(folder)).length === 0;
  });
  await bringing.close();
  expect(after[0]).toMatchObject({ sequence: 1, state: 'lost', reason: 'the file is gone from the media host’s disk' });
  const found = after.filter(({ started_at }) => started_at.getTime() === before[1]!.started_at.getTime());
  expect(found).toMatchObject([{ state: 'stored', size_bytes: before[1]!.size_bytes, sha256: before[1]!.sha256 }]);
}, 180_000);

test('Files of a stream that was deleted meanwhile, and files that nobody can read, are in nobody’s way', async () => {
  const [deleted, broken, whole] = [await world.stream(), await world.stream(), await world.stream()];
  const [folder, hostId] = [join(root, 'third'), 'third-host'];
  await rm(join(root, 'nowhere'), { force: true });
  // Each takes in what the one before it left open; the last one's is left.
  for (const stream of [deleted, whole, broken]) await recordAndKill(stream, folder, hostId, async () => (await world.segments(stream)).length >= 2);
  await world.ingest.database.db.deleteFrom('streams').where('id', '=', deleted.id).execute();
  const [run] = await world.runs(broken);
  await writeFile(join(folder, broken.id, run!.id, 'init.mp4'), 'no MP4 at all');
  await rm(join(folder, whole.id, (await world.runs(whole))[0]!.id, 'run.json'));
  const bringing = bringIn(folder, hostId);
  await eventually(async () => {
    bringing.wake();
    const left = await filesIn(folder);
    if (left.length > 0) throw new Error(left.join('\n'));
    return true;
  }, { timeoutMs: 60_000 });
  await bringing.close();
  expect((await world.segments(broken)).map(({ state }) => state)).toEqual(['stored', 'lost']);
  // What the ledger knows of needs no facts beside it.
  expect((await world.segments(whole)).map(({ state }) => state)).toEqual(['stored', 'stored']);
  expect((await decode((await world.joined(whole))[0]!)).faults).toBe('');
}, 240_000);
