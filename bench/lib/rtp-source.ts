import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { types } from 'mediasoup';
import { runFfmpeg } from '../../media/ffmpeg/run-ffmpeg.ts';

const PAYLOAD_TYPE = 101;
const SSRC = 2_222;
const CLIP_S = 10;
/** The source ends by itself, whatever becomes of the benchmark; seconds. */
const LONGEST_S = 1_800;

export interface RtpSource {
  producer: types.Producer;
  stop(): Promise<void>;
}

/** H.264, 720p at 30 frames a second, about 2.5 Mbit/s, into a router. Encoded once beforehand, so that sending it costs next to nothing. */
export async function sendClip(router: types.Router, ffmpeg: string): Promise<RtpSource> {
  const folder = await mkdtemp(join(tmpdir(), 'showrunner-bench-media-'));
  const clip = join(folder, 'clip.ts');
  const codec = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p', '-g', '60', '-b:v', '2500k', '-minrate', '2500k', '-maxrate', '2500k', '-bufsize', '1250k', '-x264-params', 'nal-hrd=cbr'];
  const made = await runFfmpeg({ command: ffmpeg, args: ['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30', '-t', String(CLIP_S), ...codec, '-y', clip], timeoutMs: 120_000 }).ended;
  if (made.code !== 0) throw new Error(`the test picture could not be encoded: ${made.reason}`);

  const transport = await router.createPlainTransport({ listenInfo: { protocol: 'udp', ip: '127.0.0.1' }, rtcpMux: false, comedia: true });
  const producer = await transport.produce({
    kind: 'video',
    rtpParameters: {
      codecs: [{ mimeType: 'video/H264', clockRate: 90_000, payloadType: PAYLOAD_TYPE, parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 } }],
      encodings: [{ ssrc: SSRC }],
    },
  });
  const target = `rtp://127.0.0.1:${transport.tuple.localPort}?rtcpport=${transport.rtcpTuple!.localPort}&pkt_size=1200`;
  const sending = runFfmpeg({
    command: ffmpeg,
    args: ['-re', '-stream_loop', '-1', '-i', clip, '-an', '-c:v', 'copy', '-f', 'rtp', '-payload_type', String(PAYLOAD_TYPE), '-ssrc', String(SSRC), target],
    timeoutMs: LONGEST_S * 1_000,
  });
  return {
    producer,
    async stop() {
      await sending.stop();
      transport.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
