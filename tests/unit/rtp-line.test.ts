import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RtpLine } from '../../media/rtmp/rtp-line.ts';

const OPTIONS = { ssrc: 7, payloadType: 101, clockRate: 90_000 };

function rtp(sequence: number, timestamp: number, marker = false): Buffer {
  const packet = Buffer.alloc(20, 9);
  packet[0] = 0x80;
  packet[1] = (marker ? 0x80 : 0) | 96;
  packet.writeUInt16BE(sequence % 65_536, 2);
  packet.writeUInt32BE(timestamp % 2 ** 32, 4);
  packet.writeUInt32BE(4_242, 8);
  return packet;
}

function senderReport(timestamp: number): Buffer {
  const packet = Buffer.alloc(52, 1);
  packet[0] = 0x80;
  packet[1] = 200;
  packet.writeUInt32BE(timestamp % 2 ** 32, 16);
  return packet;
}

describe('one RTP stream made of those of several senders', () => {
  it('counts on without a gap, and its time passes as time does', () => {
    const sender = fc.record({ sequence: fc.nat(65_535), timestamp: fc.nat(2 ** 32 - 1), packets: fc.integer({ min: 1, max: 20 }), pauseMs: fc.integer({ min: 1, max: 60_000 }) });
    fc.assert(
      fc.property(fc.array(sender, { minLength: 1, maxLength: 5 }), (senders) => {
        const line = new RtpLine(OPTIONS);
        const out: { sequence: number; timestamp: number; at: number }[] = [];
        let now = 1_000;
        for (const { sequence, timestamp, packets, pauseMs } of senders) {
          line.restart();
          now += pauseMs;
          for (let i = 0; i < packets; i++, now += 10) {
            const [packet] = line.media(rtp(sequence + i, timestamp + i * 900), now);
            out.push({ sequence: packet!.readUInt16BE(2), timestamp: packet!.readUInt32BE(4), at: now });
          }
        }
        for (let i = 1; i < out.length; i++) {
          expect(out[i]!.sequence).toBe((out[i - 1]!.sequence + 1) % 65_536);
          const passed = (out[i]!.timestamp - out[i - 1]!.timestamp + 2 ** 32) % 2 ** 32;
          expect(passed).toBe((out[i]!.at - out[i - 1]!.at) * 90);
        }
      }),
    );
  });

  it('is of our source and type, with marker and payload kept', () => {
    const [packet] = new RtpLine(OPTIONS).media(rtp(1, 1, true), 0);
    expect([packet![1], packet!.readUInt32BE(8), packet!.subarray(12).toString('hex')]).toEqual([0x80 | 101, 7, '09'.repeat(8)]);
  });

  it('ties its own timestamps to the time of day, also by a report that came first', () => {
    const line = new RtpLine(OPTIONS);
    expect(line.control(senderReport(5_000))).toEqual([]);
    const [packet, early] = line.media(rtp(1, 5_900), 0);
    expect(early!.length).toBe(28);
    expect(early!.readUInt32BE(4)).toBe(7);
    expect((packet!.readUInt32BE(4) - early!.readUInt32BE(16) + 2 ** 32) % 2 ** 32).toBe(900);
    const [late] = line.control(senderReport(6_800));
    expect((late!.readUInt32BE(16) - packet!.readUInt32BE(4) + 2 ** 32) % 2 ** 32).toBe(900);
  });

  it('leaves out what is no RTP, and other RTCP', () => {
    const line = new RtpLine(OPTIONS);
    expect(line.media(Buffer.alloc(20), 0)).toEqual([]);
    expect(line.media(Buffer.from([0x80]), 0)).toEqual([]);
    expect(line.control(Buffer.from([0x80, 203, 0, 1, 0, 0, 0, 0]))).toEqual([]);
    expect(line.flowing).toBe(false);
  });
});
