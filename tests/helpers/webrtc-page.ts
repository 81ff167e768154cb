/**
 * A page that publishes by WHIP and plays by WHEP as a plain client would; `rtc` in the page. Connections go by a name that the test gives.
 * publish(name, url, bearer, options), play(name, url, options) → { status, location, etag, answer }; stats(name) → sums; restart(name).
 */
export const WEBRTC_PAGE = `<!doctype html><canvas id="c" width="320" height="180"></canvas><div id="players"></div><script>
const connections = {};
const canvas = document.querySelector('canvas');
const pen = canvas.getContext('2d');
let frame = 0;
setInterval(() => { frame += 1; pen.fillStyle = 'hsl(' + (frame * 7 % 360) + ' 80% 50%)'; pen.fillRect(0, 0, canvas.width, canvas.height); pen.fillStyle = '#000'; pen.font = '80px sans-serif'; pen.fillText(String(frame), 60, 120); }, 66);

function tone() {
  const context = new AudioContext();
  const oscillator = context.createOscillator();
  const out = context.createMediaStreamDestination();
  oscillator.connect(out);
  oscillator.start();
  return out.stream.getAudioTracks()[0];
}

async function negotiate(name, pc, url, bearer, { tcpOnly = false } = {}) {
  const offer = await pc.createOffer();
  await pc.setLocalDescription(offer);
  const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp', ...(bearer ? { Authorization: 'Bearer ' + bearer } : {}) }, body: offer.sdp });
  const text = await response.text();
  const result = { status: response.status, url: response.url, location: response.headers.get('Location'), etag: response.headers.get('ETag'), link: response.headers.get('Link'), answer: text };
  if (response.status !== 201) { pc.close(); return result; }
  const sdp = tcpOnly ? text.split('\\r\\n').filter((line) => !/^a=candidate:.* udp /i.test(line)).join('\\r\\n') : text;
  await pc.setRemoteDescription({ type: 'answer', sdp });
  connections[name] = { pc, session: new URL(result.location, response.url).href, etag: result.etag };
  return result;
}

const rtc = {
  async publish(name, url, bearer, { video = true, audio = true, codec, simulcast, tcpOnly } = {}) {
    const pc = new RTCPeerConnection();
    if (audio) pc.addTransceiver(tone(), { direction: 'sendonly' });
    if (video) {
      const sendEncodings = simulcast ? ['q', 'h', 'f'].map((rid, i) => ({ rid, scaleResolutionDownBy: 4 / 2 ** i, maxBitrate: 200_000 * 3 ** i })) : [{ maxBitrate: 1_500_000 }];
      // Chromium sends three layers only of pictures from 960x540 on.
      [canvas.width, canvas.height] = simulcast ? [960, 540] : [320, 180];
      const track = canvas.captureStream(15).getVideoTracks()[0];
      // A busy machine is no reason for a smaller picture.
      track.contentHint = 'detail';
      const transceiver = pc.addTransceiver(track, { direction: 'sendonly', sendEncodings });
      if (codec) transceiver.setCodecPreferences(RTCRtpSender.getCapabilities('video').codecs.filter(({ mimeType }) => mimeType.toLowerCase() === 'video/' + codec || /rtx/i.test(mimeType)));
    }
    return negotiate(name, pc, url, bearer, { tcpOnly });
  },
  async play(name, url, { bearer, video = true, audio = true, tcpOnly } = {}) {
    const pc = new RTCPeerConnection();
    const element = document.createElement('video');
    element.autoplay = true;
    document.querySelector('#players').append(element);
    const stream = new MediaStream();
    pc.addEventListener('track', ({ track }) => { stream.addTrack(track); element.srcObject = stream; element.play().catch(() => undefined); });
    if (audio) pc.addTransceiver('audio', { direction: 'recvonly' });
    if (video) pc.addTransceiver('video', { direction: 'recvonly' });
    const result = await negotiate(name, pc, url, bearer, { tcpOnly });
    if (connections[name]) connections[name].element = element;
    return result;
  },
  async stats(name) {
    const { pc, element } = connections[name];
    const all = [...(await pc.getStats()).values()];
    const sum = (type, kind, key) => all.filter((each) => each.type === type && each.kind === kind).reduce((total, each) => total + (each[key] ?? 0), 0);
    const pair = all.find((each) => each.type === 'candidate-pair' && each.nominated);
    const remote = pair && all.find((each) => each.id === pair.remoteCandidateId);
    const codecs = all.filter((each) => each.type === 'codec').map((each) => each.mimeType);
    return {
      state: pc.connectionState, ice: pc.iceConnectionState, protocol: remote?.protocol ?? null, codecs,
      framesDecoded: sum('inbound-rtp', 'video', 'framesDecoded'), width: Math.max(0, ...all.filter((each) => each.type === 'inbound-rtp' && each.kind === 'video').map((each) => each.frameWidth ?? 0)),
      audioPackets: sum('inbound-rtp', 'audio', 'packetsReceived'), audioEnergy: sum('inbound-rtp', 'audio', 'totalAudioEnergy'),
      framesShown: element?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
      framesEncoded: sum('outbound-rtp', 'video', 'framesEncoded'), layers: all.filter((each) => each.type === 'outbound-rtp' && each.kind === 'video' && each.framesEncoded > 0).length,
    };
  },
  /** RFC 9725, 4.3.3, by the words of the RFC: If-Match *, then our answer with the server's new credentials. */
  async restart(name) {
    const connection = connections[name];
    const { pc, session } = connection;
    const before = pc.remoteDescription.sdp;
    pc.restartIce();
    const offer = await pc.createOffer();
    await pc.setLocalDescription(offer);
    const line = (key) => offer.sdp.split('\\r\\n').find((each) => each.startsWith('a=' + key));
    const body = [line('ice-ufrag'), line('ice-pwd'), ''].join('\\r\\n');
    const response = await fetch(session, { method: 'PATCH', headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*' }, body });
    const fragment = await response.text();
    const value = (key) => fragment.split('\\r\\n').find((each) => each.startsWith('a=' + key + ':')).slice(key.length + 3);
    const sdp = before.replaceAll(/a=ice-ufrag:.*/g, 'a=ice-ufrag:' + value('ice-ufrag')).replaceAll(/a=ice-pwd:.*/g, 'a=ice-pwd:' + value('ice-pwd'));
    await pc.setRemoteDescription({ type: 'answer', sdp });
    return { status: response.status, before: connection.etag, etag: response.headers.get('ETag'), contentType: response.headers.get('Content-Type'), ufrag: value('ice-ufrag') };
  },
  async end(name) {
    const { pc, session } = connections[name];
    const response = await fetch(session, { method: 'DELETE' });
    pc.close();
    return response.status;
  },
  /** As a page that crashes: DTLS says goodbye, HTTP does not. */
  hangUp(name) { connections[name].pc.close(); },
};
</script>`;

export interface Negotiated {
  status: number;
  url: string;
  location: string | null;
  etag: string | null;
  link: string | null;
  answer: string;
}

export interface ConnectionStats {
  state: string;
  ice: string;
  protocol: string | null;
  codecs: string[];
  framesDecoded: number;
  width: number;
  audioPackets: number;
  audioEnergy: number;
  /** By its <video>: what is decoded need not be seen. */
  framesShown: number;
  framesEncoded: number;
  layers: number;
}

export interface PublishOptions {
  video?: boolean;
  audio?: boolean;
  codec?: 'vp8' | 'h264' | 'vp9' | 'av1';
  simulcast?: boolean;
  tcpOnly?: boolean;
}

/** `rtc` of the page, for functions that run there. */
export interface PageRtc {
  publish(name: string, url: string, bearer: string, options?: PublishOptions): Promise<Negotiated>;
  play(name: string, url: string, options?: { bearer?: string; video?: boolean; audio?: boolean; tcpOnly?: boolean }): Promise<Negotiated>;
  stats(name: string): Promise<ConnectionStats>;
  restart(name: string): Promise<{ status: number; before: string; etag: string; contentType: string; ufrag: string }>;
  end(name: string): Promise<number>;
  hangUp(name: string): void;
}
