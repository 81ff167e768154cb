import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FLV_PICTURE, FLV_SOUND, flvStart, parseFlvPacket, type FlvPacket } from '../../media/rtmp/flv-packet.ts';
import { FlvReader } from '../../media/rtmp/flv-reader.ts';
import { InputPlanner } from '../../media/rtmp/input-plan.ts';
import { RtspReader } from '../../media/rtmp/rtsp-intake.ts';

const avc = (timeMs: number, { key = false, header = false, shift = 0, profile = 66 } = {}): FlvPacket => {
  const data = Buffer.alloc(20);
  data[0] = ((key || header ? 1 : 2) << 4) | 7;
  data[1] = header ? 0 : 1;
  data.writeIntBE(shift, 2, 3);
  data[6] = profile;
  return parseFlvPacket(FLV_PICTURE, timeMs, data)!;
};
const aac = (timeMs: number, header = false): FlvPacket => parseFlvPacket(FLV_SOUND, timeMs, Buffer.from([0xaf, header ? 0 : 1, 1, 2]))!;
const plan = (packets: FlvPacket[], atMs = 0) => {
  const planner = new InputPlanner();
  for (const packet of packets) planner.see(packet, 0);
  return planner.plan(atMs);
};

describe('packets of an encoder', () => {
  it('are the same after they were written and read again, however the bytes come', () => {
    const packet = fc.record({ type: fc.constantFrom(FLV_SOUND, FLV_PICTURE), timeMs: fc.nat(2 ** 32 - 1), data: fc.uint8Array({ minLength: 2, maxLength: 300 }) });
    fc.assert(
      fc.property(fc.array(packet), fc.integer({ min: 1, max: 500 }), (given, size) => {
        const packets = given.map(({ type, timeMs, data }) => parseFlvPacket(type, timeMs, Buffer.from(data))).filter((each) => each !== null);
        const bytes = Buffer.concat([flvStart(new Set(['audio', 'video'])), ...packets.map(({ tag }) => tag)]);
        const read: FlvPacket[] = [];
        const reader = new FlvReader((each) => read.push(each));
        for (let at = 0; at < bytes.length; at += size) reader.read(Buffer.from(bytes.subarray(at, at + size)));
        expect(read).toEqual(packets);
      }),
    );
  });

  it('tell codec, keyframe and order, by enhanced RTMP too', () => {
    expect(avc(40, { key: true, shift: 80 })).toMatchObject({ kind: 'video', codec: 'h264', keyframe: true, header: false, dts_ms: 40, pts_ms: 120, enhanced: false });
    expect(avc(0, { header: true, profile: 100 })).toMatchObject({ header: true, keyframe: false, profile: 100 });
    expect(parseFlvPacket(FLV_PICTURE, 0, Buffer.from([0x91, ...Buffer.from('hvc1'), 0, 0, 5, 0]))).toMatchObject({ codec: 'hevc', enhanced: true, keyframe: true, pts_ms: 5 });
    expect(parseFlvPacket(FLV_SOUND, 0, Buffer.from([0x2f, 0]))).toMatchObject({ kind: 'audio', codec: 'mp3' });
    // A command to the player, and the end of a sequence, are no media.
    expect(parseFlvPacket(FLV_PICTURE, 0, Buffer.from([0x57, 1, 0, 0, 0]))).toBeNull();
    expect(parseFlvPacket(FLV_PICTURE, 0, Buffer.from([0x17, 2, 0, 0, 0]))).toBeNull();
  });
});

describe('how they are brought to WebRTC', () => {
  const sound = [aac(0, true), aac(0)];
  it.each([
    ['copied: pictures in order', [avc(0, { header: true }), ...sound, avc(0, { key: true })], 'copy'],
    ['copied: delayed, but in order', [avc(0, { header: true }), ...sound, avc(0, { key: true, shift: 80 }), ...Array.from({ length: 12 }, (_, i) => avc(40 + i * 40, { shift: 80 }))], 'copy'],
    ['made anew: B-frames', [avc(0, { header: true }), ...sound, avc(0, { key: true, shift: 80 }), avc(40, { shift: 160 }), avc(80, { shift: 40 })], 'transcode'],
    ['made anew: a profile for studios', [avc(0, { header: true, profile: 110 }), ...sound, avc(0, { key: true })], 'transcode'],
  ])('%s', (_, packets, mode) => {
    expect(plan(packets)).toMatchObject({ video: { codec: 'h264', mode }, audio: { codec: 'aac' } });
  });

  it('is not said before enough was seen, and then without the other kind', () => {
    expect(plan([avc(0, { header: true }), avc(0, { key: true })])).toBeNull();
    expect(plan([avc(0, { header: true }), avc(0, { key: true })], 2_000)).toMatchObject({ video: { mode: 'copy' }, audio: null });
    expect(plan(sound)).toBeNull();
    expect(plan([...sound, avc(0)], 2_000)).toMatchObject({ video: null, audio: { codec: 'aac' } });
    expect(plan([], 10_000)).toBeNull();
  });
});

describe('RTP within RTSP', () => {
  it('is parted the same however the bytes come', () => {
    const packets = [Buffer.alloc(5, 1), Buffer.alloc(1_200, 2), Buffer.alloc(0), Buffer.from('OPTIONS in a packet\r\n\r\n')];
    const framed = packets.map((packet, i) => Buffer.concat([Buffer.from([0x24, i, packet.length >> 8, packet.length & 255]), packet]));
    const bytes = Buffer.concat([Buffer.from('ANNOUNCE rtsp://a/b RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 4\r\n\r\nv=0\n'), ...framed, Buffer.from('TEARDOWN rtsp://a/b RTSP/1.0\r\n\r\n')]);
    for (const size of [1, 3, 7, 1_000, bytes.length]) {
      const seen: unknown[] = [];
      const reader = new RtspReader({ onPacket: (channel, packet) => seen.push([channel, packet.toString('hex')]), onRequest: ({ method, headers }) => seen.push([method, headers.get('cseq') ?? null]) });
      for (let at = 0; at < bytes.length; at += size) expect(reader.read(Buffer.from(bytes.subarray(at, at + size)))).toBe(true);
      expect(seen).toEqual([['ANNOUNCE', '2'], ...packets.map((packet, i) => [i, packet.toString('hex')]), ['TEARDOWN', null]]);
    }
  });

  it('is given up where it is none', () => {
    const reader = new RtspReader({ onPacket: () => undefined, onRequest: () => undefined });
    expect(reader.read(Buffer.alloc(70_000, 0x41))).toBe(false);
  });
});
