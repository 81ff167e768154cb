import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLineKeeper, eachLine } from '../../media/ffmpeg/lines.ts';
import { parseProgress, type FfmpegProgress } from '../../media/ffmpeg/progress.ts';

const read = async (parts: string[]): Promise<string[]> => {
  const lines: string[] = [];
  const stream = Readable.from(parts.map((part) => Buffer.from(part)));
  const ended = new Promise((resolve) => stream.on('end', resolve));
  eachLine(stream, (line) => lines.push(line));
  await ended;
  return lines;
};

describe('the lines of ffmpeg', () => {
  it('are the same however the bytes come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.stringMatching(/^[a-z]{1,20}$/), { minLength: 1 }), fc.integer({ min: 1, max: 7 }), async (words, size) => {
        const text = words.join('\n');
        const parts = Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));
        expect(await read(parts)).toEqual(words);
      }),
    );
  });

  it('are cut where one has no end', async () => {
    const lines = await read(['x'.repeat(100_000), 'y'.repeat(100_000)]);
    expect(lines.join('').length).toBeLessThanOrEqual(500);
  });

  it('are kept to the last ones, without repetition', () => {
    const kept = createLineKeeper(2);
    expect(kept.words()).toBeNull();
    for (const line of ['a', 'b', 'b', 'b', 'c']) kept.add(line);
    expect(kept.words()).toBe('b\nc');
  });

  it('of progress become figures', async () => {
    const seen: FfmpegProgress[] = [];
    const stream = Readable.from([Buffer.from('frame=12\nout_time_us=480000\nspeed=1.02x\ndrop_frames=1\nprogress=continue\nout_time_us=N/A\nspeed=N/A\nprogress=end\n')]);
    const ended = new Promise((resolve) => stream.on('end', resolve));
    parseProgress(stream, (progress) => seen.push(progress));
    await ended;
    expect(seen).toEqual([
      { frames: 12, out_ms: 480, speed: 1.02, dropped_frames: 1 },
      { frames: null, out_ms: null, speed: null, dropped_frames: 0 },
    ]);
  });
});
