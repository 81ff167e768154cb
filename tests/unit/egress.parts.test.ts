import { describe, expect, test } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { AppError } from '../../domain/errors.ts';
import { mediaPlaylist } from '../../domain/streaming/hls-playlist.ts';
import { egressArguments } from '../../media/egress/egress-arguments.ts';
import { egressSdp, type EgressMedia } from '../../media/egress/egress-sdp.ts';
import { takePortPair } from '../../media/egress/udp-ports.ts';
import { LiveWindow } from '../../media/hls/live-window.ts';
import { createRecent } from '../../media/hls/recent.ts';
import { createViewerCount } from '../../media/hls/viewer-count.ts';
import { createLedgerQueue } from '../../media/recording/ledger-queue.ts';
import { quietLog } from '../helpers/quiet-log.ts';

const video = (mimeType: string): EgressMedia => ({ kind: 'video', port: 40_002, codec: { mimeType, payloadType: 101, clockRate: 90_000, parameters: { 'packetization-mode': 1 } } });
const audio: EgressMedia = { kind: 'audio', port: 40_000, codec: { mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2 } };

describe('ffmpeg of the egress', () => {
  test('is told ports and codecs, and takes nothing from other machines', () => {
    expect(egressSdp([video('video/H264'), audio]).split('\r\n').slice(5)).toEqual([
      'm=video 40002 RTP/AVP 101',
      'a=source-filter: incl IN IP4 127.0.0.1 127.0.0.1',
      'a=rtpmap:101 H264/90000',
      'a=fmtp:101 packetization-mode=1',
      'a=recvonly',
      'm=audio 40000 RTP/AVP 100',
      'a=source-filter: incl IN IP4 127.0.0.1 127.0.0.1',
      'a=rtpmap:100 opus/48000/2',
      'a=recvonly',
      '',
    ]);
  });

  test('copies H.264 and encodes VP8', () => {
    expect(egressArguments([video('video/H264'), audio]).join(' ')).toContain('-c:v copy');
    expect(egressArguments([video('video/VP8')]).join(' ')).toMatch(/-c:v libx264 .*-force_key_frames/);
    expect(egressArguments([audio]).join(' ')).not.toContain('-c:v');
  });
});

test('Port pairs are even, free, and nobody else’s until they are given back', async () => {
  const pairs = await Promise.all(Array.from({ length: 8 }, () => takePortPair()));
  expect(new Set(pairs.map(({ rtp }) => rtp)).size).toBe(8);
  for (const { rtp, rtcp } of pairs) {
    expect([rtp % 2, rtcp]).toEqual([0, rtp + 1]);
    for (const port of [rtp, rtcp]) {
      const socket = createSocket('udp4');
      socket.bind({ port, exclusive: true });
      await once(socket, 'listening');
      socket.close();
    }
  }
  for (const pair of pairs) pair.release();
});

describe('Lines of the ledger', () => {
  test('are written in order, each until it is taken, and one that is refused for good holds up none', async () => {
    const queue = createLedgerQueue({ logger: quietLog });
    const written: string[] = [];
    let failures = 2;
    queue.add('first', async () => {
      if (failures-- > 0) throw new Error('the database is away');
      written.push('first');
    });
    queue.add('second', () => Promise.reject(new AppError('not_found', 'the stream was deleted')));
    queue.add('third', async () => void written.push('third'));
    await queue.drained();
    expect(written).toEqual(['first', 'third']);
    expect(queue.pending).toBe(0);
  });

  test('beyond the limit are left to the next start', async () => {
    const queue = createLedgerQueue({ limit: 2, logger: quietLog });
    const written: number[] = [];
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    for (const line of [1, 2, 3]) queue.add('line', async () => (await gate, void written.push(line)));
    open();
    await queue.drained();
    expect(written).toEqual([1, 2]);
  });

  test('are waited for no longer than asked', async () => {
    const queue = createLedgerQueue({ logger: quietLog });
    queue.add('line', () => Promise.reject(new Error('away for long')));
    await queue.drained(AbortSignal.timeout(50));
    expect(queue.pending).toBe(1);
    queue.stop();
    await queue.drained();
  });
});

test('Players are counted once each, for as long as they ask', () => {
  let now = 0;
  const viewers = createViewerCount(() => now);
  for (const viewer of ['a', 'b', 'a']) viewers.seen('stream', viewer);
  viewers.seen('other', 'a');
  expect([viewers.count('stream'), viewers.count('other'), viewers.count('none')]).toEqual([2, 1, 0]);
  now = 10_000;
  viewers.seen('stream', 'b');
  now = 13_000;
  expect([viewers.count('stream'), viewers.count('other')]).toEqual([1, 0]);
});

test('What was asked a moment ago is not asked again, for all who ask meanwhile; a fault is nobody’s answer', async () => {
  const recent = createRecent<number>(60_000, 2);
  let asked = 0;
  const ask = (): Promise<number> => Promise.resolve(++asked);
  expect(await Promise.all([recent('a', ask), recent('a', ask)])).toEqual([1, 1]);
  await expect(recent('b', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await recent('b', ask)).toBe(2);
  // No more than two are kept: the oldest goes.
  await recent('c', ask);
  expect(await recent('a', ask)).toBe(4);
});

describe('The window of a stream', () => {
  const run = (id: string) => ({ id, init: new Uint8Array(1), codecs: 'avc1', width: 1, height: 1 });
  const part = (window: LiveWindow): void => window.addPart([new Uint8Array(10)], { duration_ms: 500, independent: true });

  test('ends waits with the part that comes, with time, and with the player that goes', async () => {
    const window = new LiveWindow(7, { segments: 2, part_ms: 500 });
    window.beginRun(run('one'));
    window.openSegment(0, null);
    const waits = [window.reach({ sequence: 7, part: 0 }, 10_000, new AbortController().signal), window.reach({ sequence: 7, part: 1 }, 30, new AbortController().signal), window.reach({ sequence: 8, part: 0 }, 10_000, AbortSignal.timeout(20))];
    part(window);
    expect(await Promise.all(waits)).toEqual(['ready', 'timeout', 'timeout']);
  });

  test('keeps its newest segments, tells of those that leave, and counts where runs change', () => {
    const dropped: number[] = [];
    const window = new LiveWindow(1, { segments: 2, part_ms: 500, onDropped: ({ sequence }) => dropped.push(sequence) });
    for (const id of ['one', 'one', 'two', 'three']) {
      if (window.run?.id !== id) window.beginRun(run(id));
      window.openSegment(0, null);
      part(window);
      window.closeSegment(500);
    }
    expect(dropped).toEqual([1, 2]);
    expect(window.segments.map(({ sequence, discontinuity }) => [sequence, discontinuity])).toEqual([
      [3, 1],
      [4, 2],
    ]);
    expect([window.init('one'), window.init('two')?.id]).toEqual([null, 'two']);
  });

  test('shows no part that it can not give', () => {
    const window = new LiveWindow(1, { segments: 30, part_ms: 500 });
    window.beginRun(run('one'));
    const listed = (): string[] => {
      const playlist = { segments: window.segments, open: window.open, next_sequence: window.nextSequence, ended: false, latency: 'low', target_ms: 2_000, part_ms: 500, query: '' } as const;
      return [...mediaPlaylist(playlist).matchAll(/#EXT-X-PART:.*URI="([^"]+)"/g)].map(([, uri]) => uri!);
    };
    const given = (): string[] =>
      [...window.segments, ...(window.open ? [window.open] : [])].flatMap(({ sequence, bytes }) => (bytes ?? []).map((_, index) => `one/${sequence}.${index}.m4s`));
    for (let index = 0; index < 12; index++) {
      window.openSegment(index * 2_000, { path: `/one/${index + 1}.m4s`, whole: true, stored: false });
      for (let parts = 0; parts < 4; parts++) part(window);
      expect(listed()).toEqual(given());
      window.closeSegment(2_000);
      expect(listed()).toEqual(given());
    }
    expect(listed()).toHaveLength(16);
  });

  test('that is on no disk keeps no more than it may, and says what it let go', () => {
    const window = new LiveWindow(1, { segments: 40, part_ms: 500 });
    window.beginRun(run('one'));
    for (let index = 0; index < 20; index++) {
      window.openSegment(0, null);
      window.addPart([new Uint8Array(4 * 1024 * 1024)], { duration_ms: 500, independent: true });
      window.closeSegment(500);
    }
    const kept = window.segments.filter(({ bytes }) => bytes !== null);
    expect(kept).toHaveLength(12);
    expect(window.segments.filter(({ gap }) => gap)).toHaveLength(8);
  });
});
