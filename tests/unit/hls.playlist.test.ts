import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mediaPlaylist, multivariantPlaylist, type PlaylistSegment, type PlaylistState } from '../../domain/streaming/hls-playlist.ts';
import { answerReload, parseReload } from '../../domain/streaming/hls-reload.ts';

const RUN = ['0198c0de-0000-7000-8000-000000000001', '0198c0de-0000-7000-8000-000000000002'] as const;
const segment = (sequence: number, fields: Partial<PlaylistSegment> = {}): PlaylistSegment => ({
  sequence,
  run_id: RUN[0],
  started_at_ms: Date.UTC(2026, 10, 21, 12) + sequence * 2_000,
  duration_ms: 2_000,
  parts: [500, 500, 500, 500].map((duration_ms, index) => ({ duration_ms, independent: index === 0 })),
  discontinuity: 0,
  gap: false,
  ...fields,
});
const state = (fields: Partial<PlaylistState> = {}): PlaylistState => ({
  segments: [],
  open: null,
  next_sequence: 1,
  ended: false,
  latency: 'low',
  target_ms: 2_000,
  part_ms: 500,
  query: '',
  ...fields,
});
const linesOf = (text: string): string[] => text.trimEnd().split('\n');

describe('A media playlist', () => {
  test('of low latency has parts at its edge, what may be waited for, and the next part', () => {
    const open = segment(9, { parts: [{ duration_ms: 480, independent: true }], duration_ms: 480 });
    const text = mediaPlaylist(state({ segments: Array.from({ length: 8 }, (_, index) => segment(index + 1)), open, next_sequence: 10 }));
    const lines = linesOf(text);
    expect(lines.slice(0, 8)).toEqual([
      '#EXTM3U',
      '#EXT-X-VERSION:9',
      '#EXT-X-TARGETDURATION:4',
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.50000',
      '#EXT-X-PART-INF:PART-TARGET=0.50000',
      '#EXT-X-MEDIA-SEQUENCE:1',
      '#EXT-X-DISCONTINUITY-SEQUENCE:0',
      `#EXT-X-MAP:URI="${RUN[0]}/init.mp4"`,
    ]);
    expect(lines).toContain('#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:02.000Z');
    expect(lines.at(-1)).toBe(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${RUN[0]}/9.1.m4s"`);
    expect(lines.at(-2)).toBe(`#EXT-X-PART:DURATION=0.48000,URI="${RUN[0]}/9.0.m4s",INDEPENDENT=YES`);
    const parts = lines.filter((line) => line.startsWith('#EXT-X-PART:'));
    // 12 s of the edge, not all.
    expect(parts[0]).toContain('/3.0.m4s');
    expect(lines.filter((line) => line === '#EXTINF:2.00000,').length).toBe(8);
  });

  test('of normal latency lists whole segments only', () => {
    const text = mediaPlaylist(state({ latency: 'normal', segments: [segment(4)], open: segment(5), next_sequence: 6 }));
    expect(text).not.toMatch(/PART|SERVER-CONTROL|PRELOAD/);
    expect(text).toContain('#EXT-X-VERSION:7\n');
    expect(text.match(/\.m4s/g)).toHaveLength(1);
  });

  test('marks where another run begins, what is lost, and where it ends; the query goes with each address', () => {
    const segments = [segment(7, { discontinuity: 3 }), segment(8, { run_id: RUN[1], discontinuity: 4 }), segment(9, { run_id: RUN[1], discontinuity: 4, gap: true })];
    const text = mediaPlaylist(state({ segments, next_sequence: 10, ended: true, query: '?token=x' }));
    expect(linesOf(text).slice(1)).toEqual([
      '#EXT-X-VERSION:9',
      '#EXT-X-TARGETDURATION:4',
      '#EXT-X-MEDIA-SEQUENCE:7',
      '#EXT-X-DISCONTINUITY-SEQUENCE:3',
      `#EXT-X-MAP:URI="${RUN[0]}/init.mp4?token=x"`,
      '#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:14.000Z',
      '#EXTINF:2.00000,',
      `${RUN[0]}/7.m4s?token=x`,
      '#EXT-X-DISCONTINUITY',
      `#EXT-X-MAP:URI="${RUN[1]}/init.mp4?token=x"`,
      '#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:16.000Z',
      '#EXTINF:2.00000,',
      `${RUN[1]}/8.m4s?token=x`,
      '#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:18.000Z',
      '#EXT-X-GAP',
      '#EXTINF:2.00000,',
      `${RUN[1]}/9.m4s?token=x`,
      '#EXT-X-ENDLIST',
    ]);
  });

  test('has no target shorter than a segment, and every part of the edge, whatever the durations', () => {
    const durations = fc.array(fc.integer({ min: 20, max: 9_000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(durations, fc.boolean(), (lengths, opened) => {
        const all = lengths.map((duration_ms, index) => segment(index + 5, { duration_ms, parts: [{ duration_ms, independent: true }] }));
        const open = opened ? all.at(-1)! : null;
        const text = mediaPlaylist(state({ segments: opened ? all.slice(0, -1) : all, open, next_sequence: 5 + all.length }));
        const target = Number(/TARGETDURATION:(\d+)/.exec(text)![1]);
        for (const [, duration] of text.matchAll(/#EXTINF:([\d.]+)/g)) expect(Math.round(Number(duration))).toBeLessThanOrEqual(target);
        const parts = [...text.matchAll(/#EXT-X-PART:.*\/(\d+)\.0\.m4s/g)].map(([, sequence]) => Number(sequence));
        // One behind the other, up to the newest.
        expect(parts).toEqual(parts.map((_, index) => parts[0]! + index));
        expect(parts.at(-1)).toBe(4 + all.length);
        expect(Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)![1])).toBe(5);
      }),
    );
  });
});

test('A multivariant playlist names codecs, size and bandwidth; without video no size', () => {
  const variant = { codecs: 'avc1.42e01f,mp4a.40.2', width: 1280, height: 720, bandwidth: 2_500_000.4 };
  expect(multivariantPlaylist(variant, 'low', 'media.m3u8?viewer=x')).toBe(
    '#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-STREAM-INF:BANDWIDTH=2500001,CODECS="avc1.42e01f,mp4a.40.2",RESOLUTION=1280x720\nmedia.m3u8?viewer=x\n',
  );
  expect(multivariantPlaylist({ ...variant, codecs: 'mp4a.40.2', width: null, height: null }, 'normal', 'm')).not.toContain('RESOLUTION');
});

describe('A blocking reload', () => {
  const edge = { last_sequence: 10, last_parts: 4, open_parts: 2 };

  test.each([
    [{ sequence: 9, part: 7 }, 'ready'],
    [{ sequence: 10, part: null }, 'ready'],
    [{ sequence: 10, part: 3 }, 'ready'],
    [{ sequence: 10, part: 4 }, 'ready'],
    [{ sequence: 11, part: 1 }, 'ready'],
    [{ sequence: 11, part: 2 }, 'wait'],
    [{ sequence: 11, part: 7 }, 'wait'],
    [{ sequence: 11, part: 8 }, 'too_far'],
    [{ sequence: 11, part: null }, 'wait'],
    [{ sequence: 12, part: 0 }, 'wait'],
    [{ sequence: 13, part: null }, 'too_far'],
  ])('for %j is answered: %s', (request, answer) => {
    expect(answerReload(request, edge, 500)).toBe(answer);
  });

  test('for the part behind the last one of a segment waits for the first of the next', () => {
    expect(answerReload({ sequence: 10, part: 4 }, { ...edge, open_parts: 0 }, 500)).toBe('wait');
  });

  test('is read from whole numbers, and never a part without its segment', () => {
    expect(parseReload(undefined, undefined)).toBeNull();
    expect(parseReload('7', '2')).toEqual({ sequence: 7, part: 2 });
    expect(parseReload('7', undefined)).toEqual({ sequence: 7, part: null });
    for (const [msn, part] of [[undefined, '1'], ['-1', undefined], ['1.5', '0'], ['1', 'x'], ['', undefined], ['9'.repeat(16), undefined]] as const) {
      expect(parseReload(msn, part)).toBe('invalid');
    }
  });
});
