import { build } from 'esbuild';
import type { Page } from 'playwright-core';

/** What a page that signals does, with mediasoup-client as it comes; `window.stage` in the page. */
const SOURCE = `
import { Device } from 'mediasoup-client';
import { io } from 'socket.io-client';

const events = [];
const consumers = new Map();
let socket, device, send, recv;

const ask = async (name, request = {}) => {
  const answer = await socket.timeout(15000).emitWithAck(name, request);
  if (!answer.ok) throw new Error(answer.code + ': ' + answer.message);
  return answer;
};
const transport = async (direction) => {
  const { transport: facts } = await ask('createTransport', { direction });
  const made = direction === 'send' ? device.createSendTransport(facts) : device.createRecvTransport(facts);
  made.on('connect', ({ dtlsParameters }, done, failed) => ask('connectTransport', { transport_id: made.id, dtls_parameters: dtlsParameters }).then(done, failed));
  made.on('produce', ({ kind, rtpParameters }, done, failed) => ask('produce', { transport_id: made.id, kind, rtp_parameters: rtpParameters }).then(({ producer_id }) => done({ id: producer_id }), failed));
  return made;
};

window.stage = {
  events,
  ask,
  connect: (token) => new Promise((resolve, reject) => {
    socket = io('/stage', { auth: { token }, transports: ['websocket'], reconnection: false });
    socket.onAny((event, facts) => events.push({ event, ...facts }));
    socket.on('connect', () => resolve(socket.id));
    socket.on('connect_error', (error) => reject(new Error(error.data?.code ?? error.message)));
  }),
  async join(stream_id, role) {
    const joined = await ask('join', { stream_id, role });
    device = await Device.factory();
    await device.load({ routerRtpCapabilities: joined.capabilities });
    return joined;
  },
  async publish() {
    const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240 } });
    send = await transport('send');
    for (const track of media.getTracks()) await send.produce({ track });
  },
  async consume(producer_id) {
    recv ??= await transport('recv');
    const { consumer: facts } = await ask('consume', { transport_id: recv.id, producer_id, rtp_capabilities: device.recvRtpCapabilities ?? device.rtpCapabilities });
    const consumer = await recv.consume({ id: facts.id, producerId: producer_id, kind: facts.kind, rtpParameters: facts.rtpParameters });
    consumers.set(producer_id, consumer);
    const player = document.createElement(facts.kind);
    Object.assign(player, { autoplay: true, srcObject: new MediaStream([consumer.track]) });
    document.body.append(player);
    await ask('resume', { consumer_id: facts.id });
  },
  async decoded(producer_id) {
    for (const report of (await consumers.get(producer_id).getStats()).values()) {
      if (report.type === 'inbound-rtp') return report.kind === 'video' ? report.framesDecoded : report.totalSamplesReceived;
    }
    return 0;
  },
  forget() { recv = undefined; send = undefined; consumers.clear(); },
  disconnect: () => socket.disconnect(),
};
`;

let bundled: Promise<string> | null = null;

/** Puts mediasoup-client and what the tests do with it into a page. */
export async function addStageClient(page: Page): Promise<void> {
  bundled ??= build({ stdin: { contents: SOURCE, resolveDir: process.cwd() }, bundle: true, write: false, format: 'iife', platform: 'browser', logLevel: 'error' }).then(({ outputFiles }) => outputFiles[0]!.text);
  await page.addScriptTag({ content: await bundled });
}
