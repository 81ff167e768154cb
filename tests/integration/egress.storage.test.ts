import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { createS3Storage } from '../../media/s3-storage.ts';
import { recordingDisk, type RecordingDisk } from '../../media/recording/recording-disk.ts';
import { decode } from '../helpers/decoded.ts';
import { filesIn, openEgressWorld, settled, type EgressWorld } from '../helpers/egress-world.ts';
import { eventually } from '../helpers/eventually.ts';
import type { TestStream } from '../helpers/ingest-world.ts';
import { startS3Gateway } from '../helpers/s3-gateway.ts';

const run = promisify(execFile);
const stateCount = async (world: EgressWorld, stream: TestStream, state: string): Promise<number> => (await world.segments(stream)).filter((segment) => segment.state === state).length;

test('While the object storage is away segments wait on disk, none is lost, and people hear of it once at each end', async () => {
  const gateway = await startS3Gateway();
  const world = await openEgressWorld({ storage: createS3Storage(gateway.options), windowSegments: 2 });
  try {
    const stream = await world.stream();
    const { stop } = await world.publish(stream);
    await eventually(async () => (await stateCount(world, stream, 'stored')) >= 1, { timeoutMs: 60_000 });
    await gateway.stop();
    await eventually(async () => (await stateCount(world, stream, 'closed')) >= 5, { timeoutMs: 120_000 });
    await eventually(async () => (await world.notifications(stream)).length === 1, { timeoutMs: 60_000 });
    // Out of the window of two, and on disk still.
    expect((await filesIn(world.folder)).filter((path) => path.endsWith('.m4s')).length).toBeGreaterThanOrEqual(5);
    await gateway.start();
    await eventually(async () => (await stateCount(world, stream, 'closed')) === 0, { timeoutMs: 60_000 });
    await stop();
    const segments = await settled(world, stream, 7);
    expect(segments.map(({ state }) => state)).toEqual(segments.map(() => 'stored'));
    expect((await decode((await world.joined(stream))[0]!)).faults).toBe('');
    expect(world.troubles).toEqual(['storage_unavailable']);
    await eventually(async () => (await world.notifications(stream)).length === 2);
    expect(await world.notifications(stream)).toEqual([expect.stringContaining('segments wait on disk'), expect.stringContaining('answers again')]);
  } finally {
    await world.close();
    await gateway.close();
  }
}, 240_000);

/** What both ways of filling a disk must come to. `fill` and `free` cause it and end it. */
async function fillsUp(world: EgressWorld, fill: () => Promise<void>, free: () => Promise<void>): Promise<void> {
  const stream = await world.stream();
  const { stop } = await world.publish(stream);
  await eventually(async () => (await stateCount(world, stream, 'stored')) >= 1, { timeoutMs: 60_000 });
  await fill();
  await eventually(() => world.troubles.includes('disk_full'), { timeoutMs: 60_000 });
  const window = world.egress.windows.find(stream.id)!.window;
  const edge = window.nextSequence;
  await eventually(async () => window.nextSequence >= edge + 2 && (await stateCount(world, stream, 'lost')) >= 1, { timeoutMs: 60_000 });
  // Players go on, from memory.
  const [playlist, newest] = [await (await fetch(`${world.url}/hls/${stream.id}/media.m3u8`)).text(), window.segments.at(-1)!];
  expect(playlist).toContain(`${newest.run_id}/${newest.sequence}.m4s`);
  expect((await fetch(`${world.url}/hls/${stream.id}/${newest.run_id}/${newest.sequence}.m4s`)).status).toBe(200);
  await free();
  await eventually(async () => (await world.runs(stream)).length === 2, { timeoutMs: 60_000 });
  const second = (await world.runs(stream))[1]!;
  await eventually(async () => (await world.segments(stream)).filter(({ run_id, state }) => run_id === second.id && state === 'stored').length >= 2, { timeoutMs: 60_000 });
  await stop();
  const segments = await settled(world, stream, 5);
  expect((await world.runs(stream))[0]!.end_reason).toBe('disk_full');
  const lost = segments.filter(({ state }) => state === 'lost');
  expect(lost.every(({ reason }) => reason === 'disk_full' || /no space left/i.test(reason ?? ''))).toBe(true);
  // Each segment is accounted for.
  expect(segments.map(({ sequence }) => sequence)).toEqual(segments.map((_, index) => index + 1));
  for (const file of await world.joined(stream)) expect((await decode(file)).faults).toBe('');
  expect(await world.notifications(stream)).toEqual([expect.stringContaining('The disk is full'), expect.stringContaining('room on the disk again')]);
}

/** ENOSPC from the file system's seam, for machines on which nothing may be mounted. */
function disk(state: { full: boolean }): RecordingDisk {
  const check = (): void => {
    if (state.full) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  return {
    ...recordingDisk,
    async create(path) {
      const file = await recordingDisk.create(path);
      return {
        ...file,
        async write(bytes) {
          if (state.full) await file.write(bytes.subarray(0, bytes.length >> 1));
          check();
          await file.write(bytes);
        },
      };
    },
    async writeWhole(path, bytes) {
      check();
      await recordingDisk.writeWhole(path, bytes);
    },
    room: (folder) => (state.full ? Promise.resolve(0) : recordingDisk.room(folder)),
  };
}

describe('When the disk is full the stream goes on, the recording says so, and begins again when there is room', () => {
  test('by what the file system answers in the middle of a write', async () => {
    const state = { full: false };
    const world = await openEgressWorld({ disk: disk(state), leastRoom: 1 });
    try {
      await fillsUp(
        world,
        () => Promise.resolve(void (state.full = true)),
        () => Promise.resolve(void (state.full = false)),
      );
    } finally {
      await world.close();
    }
  }, 240_000);

  test('of a real file system', async () => {
    const mount = await mkdtemp(join(tmpdir(), 'showrunner-small-'));
    try {
      await run('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', mount]);
    } catch (error) {
      await rm(mount, { recursive: true, force: true });
      // Only root may mount; the test above stands for all others.
      expect(process.getuid!() === 0 ? String(error) : 'EPERM').toMatch(/EPERM|permission denied|not permitted/i);
      return;
    }
    const folder = join(mount, 'streams');
    await mkdir(folder);
    const world = await openEgressWorld({ folder, leastRoom: 2 * 1024 * 1024 });
    const filler = join(mount, 'filler');
    try {
      await fillsUp(
        world,
        async () => {
          // As much as goes in; what is left is filled by the recording.
          for (let bytes = 4 * 1024 * 1024, at = 0; bytes >= 4_096; bytes >>= 1) await writeFile(`${filler}-${at++}`, Buffer.alloc(bytes)).catch(() => undefined);
        },
        async () => {
          for (const path of await filesIn(mount)) if (path.startsWith(filler)) await rm(path);
        },
      );
    } finally {
      await world.close();
      await run('umount', [mount]);
      await rm(mount, { recursive: true, force: true });
    }
  }, 240_000);
});
