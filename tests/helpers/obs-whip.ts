/**
 * The offer of OBS 30.1.0 on a Mac (libdatachannel): session-level ICE and DTLS, a=group:LS, candidates in the first section alone. It
 * has the 1,266 bytes of the one that was captured in https://github.com/kevmo314/tinywhip/issues/2; of its IPv6 address, which was
 * blotted out there, only the length is true.
 */
export const OBS_OFFER = [
  'v=0',
  'o=rtc 3877212184 0 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'a=group:LS 0 1',
  'a=msid-semantic:WMS *',
  'a=setup:actpass',
  'a=ice-ufrag:nxcM',
  'a=ice-pwd:ezjAjgSSLLvbRhUA1zc6Se',
  'a=ice-options:ice2,trickle',
  'a=fingerprint:sha-256 4E:7F:77:DB:7E:A3:A6:4E:5D:27:EB:39:D2:1B:96:9F:91:C9:58:8B:30:B4:AA:0F:77:60:5A:F3:86:60:03:F3',
  'm=audio 57249 UDP/TLS/RTP/SAVPF 111',
  'c=IN IP4 192.168.188.53',
  'a=mid:0',
  'a=sendonly',
  'a=ssrc:3388068600 cname:Yuu1KDxQcc3L5CpY',
  'a=ssrc:3388068600 msid:XmQSKutZo7zYcEQl XmQSKutZo7zYcEQl-audio',
  'a=msid:XmQSKutZo7zYcEQl XmQSKutZo7zYcEQl-audio',
  'a=rtcp-mux',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1',
  'a=candidate:1 1 UDP 2122317823 192.168.188.53 57249 typ host',
  'a=candidate:2 1 UDP 2122187263 2001:db8:1234:5678::abc 57249 typ host',
  'a=end-of-candidates',
  'm=video 57249 UDP/TLS/RTP/SAVPF 96',
  'c=IN IP4 192.168.188.53',
  'a=mid:1',
  'a=sendonly',
  'a=ssrc:3388068601 cname:Yuu1KDxQcc3L5CpY',
  'a=ssrc:3388068601 msid:XmQSKutZo7zYcEQl XmQSKutZo7zYcEQl-video',
  'a=msid:XmQSKutZo7zYcEQl XmQSKutZo7zYcEQl-video',
  'a=rtcp-mux',
  'a=rtpmap:96 H264/90000',
  'a=rtcp-fb:96 nack',
  'a=rtcp-fb:96 nack pli',
  'a=rtcp-fb:96 goog-remb',
  'a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1',
  '',
].join('\r\n');

const USER_AGENT = 'Mozilla/5.0 (OBS-Studio/30.1.0; Mac OS X; en-US)';

/** The bytes that OBS sends, headers in its order (plugins/obs-webrtc/whip-output.cpp; libcurl adds Host and Accept). */
export const obsPost = (path: string, host: string, key: string): string =>
  [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Accept: */*',
    'Content-Type: application/sdp',
    `Authorization: Bearer ${key}`,
    `User-Agent: ${USER_AGENT}`,
    `Content-Length: ${Buffer.byteLength(OBS_OFFER)}`,
    '',
    OBS_OFFER,
  ].join('\r\n');

export const obsDelete = (path: string, host: string, key: string): string =>
  [`DELETE ${path} HTTP/1.1`, `Host: ${host}`, 'Accept: */*', `Authorization: Bearer ${key}`, `User-Agent: ${USER_AGENT}`, '', ''].join('\r\n');

/** A browser's offer to receive, shortened to what matters; payload types are its own. */
export const playerOffer = ({ opus = 111, h264 = 102 } = {}): string =>
  [
    'v=0',
    'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0 1',
    'a=extmap-allow-mixed',
    'a=msid-semantic: WMS',
    ...['audio', 'video'].flatMap((kind, mid) => [
      `m=${kind} 9 UDP/TLS/RTP/SAVPF ${kind === 'audio' ? opus : h264}`,
      'c=IN IP4 0.0.0.0',
      'a=rtcp:9 IN IP4 0.0.0.0',
      'a=ice-ufrag:4ZcD',
      'a=ice-pwd:2/1muCWoOi3uLifh0NuRHlMM',
      'a=ice-options:trickle',
      'a=fingerprint:sha-256 75:74:5A:A6:A4:E5:52:F4:A7:67:4C:01:C7:EE:91:3F:21:3D:A2:E3:53:7B:6F:30:86:F2:30:AA:65:FB:04:24',
      'a=setup:actpass',
      `a=mid:${mid}`,
      'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=recvonly',
      'a=rtcp-mux',
      'a=rtcp-rsize',
      ...(kind === 'audio'
        ? [`a=rtpmap:${opus} opus/48000/2`, `a=fmtp:${opus} minptime=10;useinbandfec=1`]
        : [`a=rtpmap:${h264} H264/90000`, `a=rtcp-fb:${h264} nack pli`, `a=fmtp:${h264} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f`]),
    ]),
    '',
  ].join('\r\n');
