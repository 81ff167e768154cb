import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'sdp-transform';
import { AppError } from '../../domain/errors.ts';
import { readFragment, writeFragment } from '../../media/webrtc/sdp/fragment.ts';
import { readOffer } from '../../media/webrtc/sdp/offer.ts';
import { isSameCodec } from '../../media/webrtc/sdp/offered-codecs.ts';
import { checkDistinct, takeSection } from '../../media/webrtc/sdp/publish.ts';
import { writeAnswer } from '../../media/webrtc/sdp/answer.ts';
import { answerPublisher } from '../../media/webrtc/sdp/whip-answer.ts';
import { OBS_OFFER, playerOffer } from '../helpers/obs-whip.ts';

const FEEDBACK = [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'goog-remb' }, { type: 'transport-cc' }];
const CAPABILITIES = {
  codecs: [
    { kind: 'audio' as const, mimeType: 'audio/opus', clockRate: 48_000, channels: 2, preferredPayloadType: 100, parameters: {}, rtcpFeedback: [] },
    { kind: 'video' as const, mimeType: 'video/H264', clockRate: 90_000, preferredPayloadType: 101, parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f' }, rtcpFeedback: FEEDBACK },
    { kind: 'video' as const, mimeType: 'video/VP8', clockRate: 90_000, preferredPayloadType: 103, parameters: {}, rtcpFeedback: FEEDBACK },
  ],
  headerExtensions: [
    { kind: 'video' as const, uri: 'urn:ietf:params:rtp-hdrext:sdes:mid' as const, preferredId: 1, direction: 'sendrecv' as const },
    { kind: 'video' as const, uri: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id' as const, preferredId: 2, direction: 'recvonly' as const },
  ],
};
const TRANSPORT = {
  iceParameters: { usernameFragment: 'ours', password: 'our-password-is-long-enough', iceLite: true },
  iceCandidates: [
    { foundation: 'udpcandidate', priority: 1, ip: '192.0.2.1', address: '192.0.2.1', protocol: 'udp' as const, port: 40_000, type: 'host' as const },
    { foundation: 'tcpcandidate', priority: 2, ip: '192.0.2.1', address: '192.0.2.1', protocol: 'tcp' as const, port: 40_000, type: 'host' as const, tcpType: 'passive' as const },
  ],
  dtlsParameters: { fingerprints: [{ algorithm: 'sha-256' as const, value: 'AB:CD' }] },
};

const fault = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.detail}`;
    throw error;
  }
  return 'none';
};
const withLine = (at: string, line: string): string => OBS_OFFER.replace(`${at}\r\n`, `${at}\r\n${line}\r\n`);

/** What the whole of WHIP does with an offer before a transport is opened. */
function answerOf(text: string): string {
  const offer = readOffer(text);
  const taken = offer.sections.flatMap((section) => (section.kind && section.sends ? [takeSection(section, section.kind, CAPABILITIES)] : []));
  checkDistinct(taken);
  return writeAnswer(offer, TRANSPORT, new Map(taken.map((each) => [each.section, answerPublisher(each)])));
}

describe('an offer of OBS', () => {
  test('is as long as the one that was captured', () => expect(Buffer.byteLength(OBS_OFFER)).toBe(1_266));

  test('is read with what stands before its sections', () => {
    const offer = readOffer(OBS_OFFER);
    expect(offer).toMatchObject({ ice: { ufrag: 'nxcM' }, setup: 'passive', dtls: { role: 'client', fingerprints: [{ algorithm: 'sha-256' }] } });
    expect(offer.sections.map(({ mid, kind, sends, receives }) => ({ mid, kind, sends, receives }))).toEqual([
      { mid: '0', kind: 'audio', sends: true, receives: false },
      { mid: '1', kind: 'video', sends: true, receives: false },
    ]);
  });

  test('is produced by its own numbers', () => {
    const section = readOffer(OBS_OFFER).sections[1]!;
    expect(takeSection(section, 'video', CAPABILITIES).rtpParameters).toMatchObject({
      mid: '1',
      codecs: [{ mimeType: 'video/H264', payloadType: 96, parameters: { 'profile-level-id': '42e01f', 'packetization-mode': 1 }, rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }] }],
      encodings: [{ ssrc: 3_388_068_601 }],
      rtcp: { cname: 'Yuu1KDxQcc3L5CpY' },
    });
  });

  test('is answered so that another reader of SDP finds all that an encoder needs', () => {
    const answer = parse(answerOf(OBS_OFFER));
    expect(answer).toMatchObject({ icelite: 'ice-lite', groups: [{ type: 'BUNDLE', mids: '0 1' }] });
    expect(answer.media).toHaveLength(2);
    for (const media of answer.media) {
      expect(media).toMatchObject({ port: 9, protocol: 'UDP/TLS/RTP/SAVPF', direction: 'recvonly', setup: 'passive', rtcpMux: 'rtcp-mux', iceUfrag: 'ours', fingerprint: { type: 'sha-256', hash: 'AB:CD' }, endOfCandidates: 'end-of-candidates' });
      expect(media.candidates).toMatchObject([{ transport: 'udp', ip: '192.0.2.1', port: 40_000 }, { transport: 'tcp', tcptype: 'passive' }]);
    }
    expect(answer.media[1]).toMatchObject({ payloads: 96, rtp: [{ payload: 96, codec: 'H264', rate: 90_000 }] });
    // Our level, not the encoder's: it may send any size.
    expect(answer.media[1]!.fmtp[0]!.config).toContain('profile-level-id=42e034');
  });
});

describe('an offer that can not be taken says why', () => {
  test.each([
    ['', 'v=0'],
    ['hello', 'v=0'],
    ['v=0\r\n', 'no m= line'],
    [OBS_OFFER.replace('a=ice-pwd:ezjAjgSSLLvbRhUA1zc6Se\r\n', ''), 'a=ice-pwd'],
    [OBS_OFFER.replace(/a=ice-ufrag.*\r\n/, ''), 'a=ice-ufrag'],
    [OBS_OFFER.replace(/a=fingerprint.*\r\n/, ''), 'a=fingerprint is missing'],
    [OBS_OFFER.replace('4E:7F:77', '4E:7F'), '32 bytes of sha-256'],
    [OBS_OFFER.replace('sha-256', 'md5'), 'a=fingerprint is missing, or not by'],
    [OBS_OFFER.replace('a=setup:actpass', 'a=setup:holdconn'), 'a=setup'],
    [OBS_OFFER.replace('a=group:BUNDLE 0 1', 'a=group:BUNDLE 0'), 'BUNDLE'],
    [OBS_OFFER.replaceAll('a=rtcp-mux\r\n', ''), 'rtcp-mux'],
    [OBS_OFFER.replace('a=mid:1', 'a=mid:0'), 'same a=mid'],
    [OBS_OFFER.replace('m=audio', 'm=video'), 'more than one video'],
    [OBS_OFFER.replaceAll('3388068601', '3388068600'), 'same a=ssrc'],
    [OBS_OFFER.replaceAll('a=ssrc:3388068601', 'a=ssrc:99999999999'), 'below 2^32'],
    [OBS_OFFER.replaceAll(/a=ssrc:3388068601.*\r\n/g, ''), 'neither a=ssrc'],
    [withLine('a=mid:1', 'a=simulcast:send a;b;c'), 'simulcast needs'],
    [withLine('a=mid:1', 'a=simulcast:send a;b;c;d;e'), 'up to 4'],
  ])('%#: %s', (text, words) => {
    const said = fault(() => answerOf(text));
    expect(said).toContain('sdp_invalid: ');
    expect(said).toContain(words);
  });

  test.each([
    ['H264/90000', 'H265/90000', 'h265'],
    ['profile-level-id=42e01f;packetization-mode=1', 'profile-level-id=42e01f;packetization-mode=0', 'h264'],
    ['profile-level-id=42e01f', 'profile-level-id=f4001f', 'h264'],
    ['opus/48000/2', 'PCMU/8000', 'pcmu'],
  ])('%s instead of %s: names what came and what is taken', (from, to, name) => {
    expect(fault(() => answerOf(OBS_OFFER.replace(from, to)))).toMatch(new RegExp(`codec_unsupported: .*${name}.*H\\.264`));
  });
});

describe('sections', () => {
  test('that are neither sound nor picture are refused by port 0, and stay in their place', () => {
    const text = `${OBS_OFFER}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=sctp-port:5000\r\n`;
    const answer = parse(answerOf(text));
    expect(answer.groups).toEqual([{ type: 'BUNDLE', mids: '0 1' }]);
    expect(answer.media[2]).toMatchObject({ type: 'application', port: 0, mid: 2 });
  });

  test('of one kind alone need neither BUNDLE nor a mid', () => {
    const audio = OBS_OFFER.split('m=video')[0]!.replace('a=group:BUNDLE 0 1\r\n', '').replace('a=mid:0\r\n', '');
    expect(parse(answerOf(audio)).groups).toBeUndefined();
  });

  test('take H.264 before VP8, with its retransmissions', () => {
    const text = OBS_OFFER.replace('SAVPF 96', 'SAVPF 98 96 97')
      .replace('a=rtpmap:96', 'a=rtpmap:98 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=ssrc-group:FID 3388068601 77\r\na=rtpmap:96');
    const taken = takeSection(readOffer(text).sections[1]!, 'video', CAPABILITIES);
    expect(taken.rtpParameters).toMatchObject({ codecs: [{ mimeType: 'video/H264' }, { mimeType: 'video/rtx', payloadType: 97 }], encodings: [{ ssrc: 3_388_068_601, rtx: { ssrc: 77 } }] });
    expect(parse(answerOf(text)).media[1]).toMatchObject({ payloads: '96 97' });
  });

  test('with a simulcast are taken smallest first, by rid', () => {
    const extensions = 'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\na=extmap:99 urn:example:unknown';
    const text = withLine('a=mid:1', `${extensions}\r\na=rid:f send\r\na=rid:h send\r\na=rid:q send\r\na=simulcast:send f;h;~q`);
    const taken = takeSection(readOffer(text).sections[1]!, 'video', CAPABILITIES);
    expect(taken.rtpParameters.encodings).toEqual([{ rid: 'q' }, { rid: 'h' }, { rid: 'f' }]);
    expect(taken.rtpParameters.headerExtensions).toEqual([
      { id: 4, uri: 'urn:ietf:params:rtp-hdrext:sdes:mid' },
      { id: 10, uri: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id' },
    ]);
    expect(parse(answerOf(text)).media[1]).toMatchObject({ simulcast: { dir1: 'recv', list1: 'q;h;f' }, rids: [{ id: 'q', direction: 'recv' }, { id: 'h' }, { id: 'f' }] });
  });
});

test('profiles of H.264 are compared, not their levels or names', () => {
  const [, video] = readOffer(OBS_OFFER.replace('profile-level-id=42e01f', 'profile-level-id=42c02a')).sections;
  const sent = (id: string | number) => ({ mimeType: 'video/h264', clockRate: 90_000, parameters: { 'packetization-mode': 1, 'profile-level-id': id } });
  expect(isSameCodec(video!.codecs[0]!, sent('42e01f'))).toBe(true);
  expect(isSameCodec(video!.codecs[0]!, sent('640028'))).toBe(false);
});

describe('fragments', () => {
  test('of candidates have no credentials', () => expect(readFragment('a=mid:0\r\na=candidate:1 1 UDP 1 192.0.2.1 1 typ host\r\n')).toBeNull());
  test('of a restart have them', () => expect(readFragment('a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n')).toEqual({ ufrag: 'abcd', pwd: '0123456789012345678901' }));
  test.each([[''], ['hello'], ['a=ice-ufrag:abcd\r\n'], ['a=ice-ufrag:ab\r\na=ice-pwd:0123456789012345678901\r\n'], ['{"candidate":""}']])('%j are refused', (text) => {
    expect(fault(() => readFragment(text))).toContain('sdp_invalid');
  });
  test('of ours are read by ourselves', () => {
    const text = writeFragment(TRANSPORT, ['0', '1']);
    expect(readFragment(text)).toEqual({ ufrag: 'ours', pwd: 'our-password-is-long-enough' });
    expect(text).toContain('a=candidate:tcpcandidate 1 tcp 2 192.0.2.1 40000 typ host tcptype passive\r\n');
  });
});

describe('whatever comes', () => {
  const lines = [...OBS_OFFER.split('\r\n'), ...playerOffer().split('\r\n'), 'a=simulcast:send 1;2', 'a=rid:1 send', 'a=extmap:300 x', 'a=rtpmap:96 VP8', 'm=', 'a=fmtp:96 __proto__=1', 'a=ssrc-group:FID 1', 'a=fingerprint:', 'a=group:BUNDLE'];
  const known = (text: string): void => {
    const said = fault(() => answerOf(text));
    expect(said === 'none' || said.startsWith('sdp_invalid') || said.startsWith('codec_unsupported')).toBe(true);
  };

  test('is answered or refused with a reason: lines in any order', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.constantFrom(...lines), fc.string()), { maxLength: 60 }), (some) => known(`v=0\r\n${some.join('\r\n')}\r\n`)), { numRuns: 500 });
  });

  test('is answered or refused with a reason: offers with a few characters changed', () => {
    const change = fc.record({ at: fc.nat(OBS_OFFER.length - 1), remove: fc.nat(40), put: fc.string({ maxLength: 12, unit: fc.constantFrom(...'0123456789 :;=/abcmv\r\n-~,*') }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        known(changes.reduce((text, { at, remove, put }) => text.slice(0, at) + put + text.slice(at + remove), OBS_OFFER));
      }),
      { numRuns: 1_500 },
    );
  });

  test('of fragments is read or refused', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => expect(['none', 'sdp_invalid']).toContain(fault(() => readFragment(text)).split(':')[0])));
  });
});
