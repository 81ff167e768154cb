import { describe, expect, it } from '@jest/globals';
import { RtmpProtocol } from '../../media/rtmp/rtmp-protocol.ts';

/** C0, C1 and C2. */
const HANDSHAKE = Buffer.concat([Buffer.from([3]), Buffer.alloc(2 * 1_536)]);
const SOUND = Buffer.from([0xaf, 1, 0, 0]);
/** A whole time in a chunk of type 0, with the extended timestamp. */
const soundAt = (timeMs: number): Buffer => {
  const header = Buffer.from([0x04, 0xff, 0xff, 0xff, 0, 0, SOUND.length, 8, 1, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(timeMs, 12);
  return Buffer.concat([header, SOUND]);
};
/** So much later than the one before, in a chunk of type 1. */
const soundAfter = (deltaMs: number): Buffer => Buffer.concat([Buffer.from([0x44, 0, 0, deltaMs, 0, 0, SOUND.length, 8]), SOUND]);

describe('RTMP messages', () => {
  it('all arrive when their time wraps, after 49.7 days', () => {
    const times: number[] = [];
    const ignore = (): void => undefined;
    const protocol = new RtmpProtocol({ publish: ignore, play: ignore, goodbye: ignore, output: ignore, media: (_, timeMs) => times.push(timeMs) });
    protocol.read(HANDSHAKE);
    protocol.read(Buffer.concat([soundAt(2 ** 32 - 31), ...Array.from({ length: 4 }, () => soundAfter(20))]));
    expect(times).toEqual([2 ** 32 - 31, 2 ** 32 - 11, 9, 29, 49]);
  });
});
