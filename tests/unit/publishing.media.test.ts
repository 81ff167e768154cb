import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { MediaProbe } from '../../domain/contracts/media.ts';
import { checkMedia, type MediaCheck } from '../../domain/publishing/media-check.ts';
import { sniffMediaType } from '../../domain/publishing/media-type.ts';
import { beginBoxWalk, feed, nextRead, truncation } from '../../domain/publishing/mp4-boxes.ts';

const bytes = (...parts: (string | number[] | Uint8Array)[]): Buffer => Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));
const box = (type: string, payload = 0): Buffer => {
  const made = Buffer.alloc(8 + payload);
  made.writeUInt32BE(8 + payload, 0);
  made.write(type, 4, 'latin1');
  return made;
};
const longBox = (type: string, payload: number): Buffer => {
  const made = Buffer.alloc(16 + payload);
  made.writeUInt32BE(1, 0);
  made.write(type, 4, 'latin1');
  made.writeBigUInt64BE(BigInt(16 + payload), 8);
  return made;
};

describe('The type of a file by its first bytes', () => {
  test.each([
    ['video/mp4', bytes([0, 0, 0, 0x18], 'ftypmp42', [0, 0, 0, 0], 'isommp42')],
    ['video/mp4', bytes([0, 0, 0, 0x18], 'ftypisom')],
    ['video/quicktime', bytes([0, 0, 0, 0x14], 'ftypqt  ')],
    ['video/quicktime', bytes([0, 0, 0, 8], 'wide', [0, 0, 0, 0], 'mdat')],
    ['video/quicktime', bytes([0, 0, 1, 0], 'moov')],
    ['video/webm', bytes([0x1a, 0x45, 0xdf, 0xa3, 0x9f, 0x42, 0x86, 0x81, 1, 0x42, 0x82, 0x84], 'webm')],
    ['image/jpeg', bytes([0xff, 0xd8, 0xff, 0xe0])],
    ['image/webp', bytes('RIFF', [1, 2, 3, 4], 'WEBPVP8 ')],
    [null, bytes([0x1a, 0x45, 0xdf, 0xa3, 0x9f, 0x42, 0x82, 0x88], 'matroska')],
    [null, bytes([0x89], 'PNG\r\n')],
    [null, bytes('RIFF', [1, 2, 3, 4], 'AVI ')],
    [null, bytes([0, 0, 0, 0x18], 'ftypM4A ')],
    [null, bytes([0, 0, 0, 0x18], 'ftypheic')],
    [null, bytes([0, 0, 0, 0x18], 'ftyp')],
    [null, bytes('GIF89a')],
    [null, bytes('')],
    [null, bytes([0xff, 0xd8])],
  ])('%s', (type, head) => {
    expect(sniffMediaType(head)).toBe(type);
  });

  test('is told for any bytes without an error', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (head) => void sniffMediaType(head)));
  });
});

describe('A walk over the boxes of an MP4', () => {
  const walk = (file: Buffer, size = file.length): { fault: string | null; reads: number } => {
    let state = beginBoxWalk(size);
    let reads = 0;
    for (let read = nextRead(state); read !== null; read = nextRead(state)) {
      state = feed(state, file.subarray(read.offset, read.offset + read.length));
      reads += 1;
    }
    return { fault: truncation(state), reads };
  };
  const whole = bytes(box('ftyp', 16), box('moov', 100), box('free'), box('mdat', 5_000));

  test.each([
    ['index first', whole],
    ['index last', bytes(box('ftyp', 16), box('mdat', 5_000), box('moov', 100))],
    ['64-bit sizes', bytes(box('ftyp', 16), longBox('mdat', 5_000), longBox('moov', 40))],
    ['a last box up to the end', bytes(box('ftyp', 16), box('moov', 10), [0, 0, 0, 0], 'mdat', Buffer.alloc(999))],
    ['old QuickTime', bytes(box('wide'), box('mdat', 64), box('moov', 9))],
    ['a box of 8 bytes at the very end', bytes(whole, box('free'))],
    ['a few bytes behind everything', bytes(whole, [0, 0, 0])],
    ['zeros behind everything', bytes(whole, Buffer.alloc(64))],
  ])('finds nothing wrong with %s', (_name, file) => {
    expect(walk(file).fault).toBeNull();
  });

  test.each([
    ['cut in the data', whole.subarray(0, 3_000), /“mdat” at byte 140 should have 5008 bytes, and the file ends after 2860/],
    ['cut before the index', bytes(box('ftyp', 16), box('mdat', 5_000)), /no index/],
    ['cut in the index', bytes(box('ftyp', 16), box('mdat', 50), box('moov', 100)).subarray(0, 120), /“moov”/],
    ['cut in a header', whole.subarray(0, 28), /begins no box/],
    ['text', bytes('this is no video at all'), /“ is ” at byte 0/],
    ['zeros', Buffer.alloc(100), /begins no box/],
    ['a long box beyond 2^53', bytes([0, 0, 0, 1], 'mdat', Buffer.alloc(8, 0xff), Buffer.alloc(50)), /ends after/],
    ['a long box shorter than its header', bytes([0, 0, 0, 1], 'mdat', [0, 0, 0, 0, 0, 0, 0, 3], Buffer.alloc(50)), /begins no box/],
    ['empty', Buffer.alloc(0), /no index/],
  ])('tells what is wrong with a file that is %s', (_name, file, words) => {
    expect(walk(file).fault).toMatch(words);
  });

  test('notices a file that is shorter than it was', () => {
    expect(walk(whole, whole.length + 50).fault).toMatch(/ends at byte \d+ instead of \d+/);
  });

  test('reads a header for each box and nothing of what is inside', () => {
    expect(walk(whole).reads).toBe(4);
  });

  test('ends for any bytes, after a bounded number of reads', () => {
    const tiny = Buffer.concat(Array.from({ length: 10_000 }, () => box('free')));
    expect(walk(tiny).reads).toBe(2_000);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (file) => expect(walk(Buffer.from(file)).reads).toBeLessThanOrEqual(50)));
  });

  test('finds every cut of a file whose index is last', () => {
    const file = bytes(box('ftyp', 16), box('mdat', 300), box('moov', 100));
    for (let length = 0; length < file.length; length += 1) expect(walk(file.subarray(0, length)).fault).not.toBeNull();
  });
});

describe('A file before it is sent', () => {
  const PROBE: MediaProbe = { container: 'mov,mp4', video_codec: 'h264', width: 1_080, height: 1_920, frame_rate: 30, duration_ms: 15_000 };
  const check = (change: Partial<MediaCheck> & { probe?: Partial<MediaProbe> | null; size?: number }): string[] => {
    const { probe = {}, size = 1_000, ...rest } = change;
    const facts = { size_bytes: size, content_type: 'video/mp4', probe: probe === null ? null : { ...PROBE, ...probe } };
    return checkMedia({ facts, kind: 'video', mode: 'direct', max_duration_ms: 300_000, sniffed: 'video/mp4', truncated: null, ...rest }).map(({ code }) => code);
  };

  test.each<[string, Parameters<typeof check>[0]]>([
    ['of 4 GiB', { size: 4 * 1024 ** 3 }],
    ['without ffprobe', { probe: null }],
    ['of 23.976 frames a second', { probe: { frame_rate: 23.976 } }],
    ['of 23 frames a second', { probe: { frame_rate: 23 } }],
    ['of a camera’s 60', { probe: { frame_rate: 60.02 } }],
    ['of 360×4096 pixels', { probe: { width: 360, height: 4_096 } }],
    ['in VP9 and WebM', { probe: { video_codec: 'vp9' }, sniffed: 'video/webm' }],
    ['in H.265 and MOV', { probe: { video_codec: 'hevc' }, sniffed: 'video/quicktime' }],
    ['exactly as long as allowed', { probe: { duration_ms: 300_000 } }],
    ['of 10 minutes as a draft', { probe: { duration_ms: 600_000 }, mode: 'inbox', max_duration_ms: null }],
    ['whose limit is not known yet', { probe: { duration_ms: 9_000_000 }, max_duration_ms: null }],
    ['whose numbers ffprobe could not tell', { probe: { frame_rate: null, width: null, height: null, duration_ms: null } }],
  ])('is taken: %s', (_name, change) => {
    expect(check(change)).toEqual([]);
  });

  test.each<[string, Parameters<typeof check>[0], string[]]>([
    ['0 bytes', { size: 0, probe: null, sniffed: null }, ['media_empty']],
    ['a byte over 4 GiB', { size: 4 * 1024 ** 3 + 1 }, ['media_too_large']],
    ['5 GB', { size: 5_000_000_000 }, ['media_too_large']],
    ['a picture', { sniffed: 'image/jpeg' }, ['media_type']],
    ['a text', { sniffed: null }, ['media_type']],
    ['a file cut short', { truncated: 'No index.' }, ['media_truncated']],
    ['MPEG-4 Part 2', { probe: { video_codec: 'mpeg4' } }, ['media_codec']],
    ['sound only', { probe: { video_codec: null } }, ['media_codec']],
    ['an object’s own word as codec', { probe: { video_codec: 'toString' } }, ['media_codec']],
    ['22.8 frames a second', { probe: { frame_rate: 22.8 } }, ['media_frame_rate']],
    ['61 frames a second', { probe: { frame_rate: 61 } }, ['media_frame_rate']],
    ['359 pixels', { probe: { width: 359 } }, ['media_picture_size']],
    ['4,097 pixels', { probe: { height: 4_097 } }, ['media_picture_size']],
    ['a millisecond too long', { probe: { duration_ms: 300_001 } }, ['media_too_long']],
    ['a draft over 10 minutes', { probe: { duration_ms: 600_001 }, mode: 'inbox', max_duration_ms: null }, ['media_too_long']],
    ['a draft over the creator’s limit', { probe: { duration_ms: 400_000 }, mode: 'inbox' }, ['media_too_long']],
    [
      'everything at once',
      { size: 5e9, sniffed: null, truncated: 'x', probe: { video_codec: 'av1', frame_rate: 5, width: 1, duration_ms: 9e9 } },
      ['media_too_large', 'media_type', 'media_truncated', 'media_codec', 'media_frame_rate', 'media_picture_size', 'media_too_long'],
    ],
  ])('is refused: %s', (_name, change, codes) => {
    expect(check(change)).toEqual(codes);
  });

  test('of a picture has limits of its own', () => {
    expect(check({ kind: 'photo', sniffed: 'image/webp', size: 20 * 1024 * 1024, probe: null })).toEqual([]);
    expect(check({ kind: 'photo', sniffed: 'image/webp', size: 20 * 1024 * 1024 + 1, probe: null })).toEqual(['media_too_large']);
    expect(check({ kind: 'photo', sniffed: 'video/mp4', probe: null })).toEqual(['media_type']);
  });
});
