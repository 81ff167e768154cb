import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import type { types } from 'mediasoup';
import type { Tap } from './plain-taps.ts';

/** ffmpeg may take so long to open its ports on a busy machine. */
const LISTEN_MS = 10_000;
const POLL_MS = 20;
/** How often it is asked for one. */
const ASK_MS = 500;

/**
 * Lets media flow to ffmpeg: once it listens, and the sound from the video's first keyframe on, however long that takes. ffmpeg has both
 * begin at 0, whenever their first packets come.
 * @param onBegun media flows from now on
 * @throws where a consumer went meanwhile
 */
export async function beginTogether(taps: readonly Tap[], onBegun: () => void): Promise<void> {
  for (const { media } of taps) await listens(media.port + 1);
  const video = taps.find(({ consumer }) => consumer.kind === 'video')?.consumer;
  if (video) await firstKeyframe(video);
  onBegun();
  await Promise.all(taps.filter(({ consumer }) => consumer !== video).map(({ consumer }) => consumer.resume()));
}

/** Resumes it, and asks until a keyframe went out. @throws where it went */
async function firstKeyframe(video: types.Consumer): Promise<void> {
  demandOpen(video);
  await video.enableTraceEvent(['keyframe']);
  const seen = new Promise<void>((resolve) => {
    video.once('trace', () => resolve());
    video.observer.once('close', () => resolve());
  });
  await video.resume();
  while (!(await Promise.race([seen.then(() => true), delay(ASK_MS, false)]))) await video.requestKeyFrame();
  demandOpen(video);
  await video.enableTraceEvent([]);
}

/** The worker complains aloud about calls for what it has closed. */
function demandOpen({ closed }: types.Consumer): void {
  if (closed) throw new Error('the consumer of the picture was closed');
}

/** An RTCP receiver report about nothing: RFC 3550 §6.4.2. */
const EMPTY_REPORT = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 0]);

/** Waits until somebody has the port: until then the system answers that nobody has. */
async function listens(port: number): Promise<void> {
  const socket = createSocket('udp4');
  const seen = { refused: false };
  const refuse = (): void => void (seen.refused = true);
  socket.on('error', refuse);
  try {
    await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', () => resolve()));
    for (const deadline = performance.now() + LISTEN_MS; performance.now() < deadline; seen.refused = false) {
      socket.send(EMPTY_REPORT, (error) => {
        if (error) refuse();
      });
      await delay(POLL_MS);
      if (!seen.refused) return;
    }
  } finally {
    socket.close();
  }
}
