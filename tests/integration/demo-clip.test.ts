import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { checkMedia } from '../../domain/publishing/media-check.ts';
import { SNIFF_BYTES, sniffMediaType } from '../../domain/publishing/media-type.ts';
import { beginBoxWalk, feed, nextRead, truncation } from '../../domain/publishing/mp4-boxes.ts';
import { probeMedia } from '../../media/probe.ts';
import { writeClip, type Clip } from '../../scripts/demo/clip.ts';

let folder: string;
let clip: Clip;
let bytes: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'showrunner-clip-'));
  clip = await writeClip(join(folder, 'clip.mp4'), { seconds: 2 });
  bytes = await readFile(clip.path);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the demo’s clip passes the product’s own check of media', async () => {
  const probed = await probeMedia(clip.path);
  expect(probed).toMatchObject({ kind: 'probed', probe: { video_codec: 'h264', width: 720, height: 1_280, frame_rate: 30, duration_ms: 2_000 } });
  if (probed.kind !== 'probed') return;
  let walk = beginBoxWalk(bytes.length);
  for (let next = nextRead(walk); next !== null; next = nextRead(walk)) walk = feed(walk, bytes.subarray(next.offset, next.offset + next.length));
  const facts = { size_bytes: clip.size_bytes, content_type: 'video/mp4', probe: probed.probe };
  const sniffed = sniffMediaType(bytes.subarray(0, SNIFF_BYTES));
  expect(checkMedia({ facts, kind: 'video', mode: 'direct', max_duration_ms: 60_000, sniffed, truncated: truncation(walk) })).toEqual([]);
  expect(bytes).toHaveLength(clip.size_bytes);
});

test('every frame of the demo’s clip can be decoded', async () => {
  const { stderr } = await promisify(execFile)('ffmpeg', ['-v', 'info', '-xerror', '-i', clip.path, '-f', 'null', '-']);
  expect(stderr).toMatch(/frame=\s*60\b/);
  expect(stderr).not.toMatch(/error|corrupt|concealing/i);
});
