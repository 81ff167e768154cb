import type { types } from 'mediasoup';

/**
 * Whether a mediasoup worker binary works on this machine with this version of mediasoup: makes a Worker, a WebRtcServer on
 * UDP and TCP, and a Router. A process of its own, since mediasoup takes one binary a process, which MEDIASOUP_WORKER_BIN
 * names. Prints the reason and ends with 1 where it does not.
 */
const PERIOD_MS = 30_000;

const fail = (error: unknown): never => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
};
setTimeout(() => fail('the worker did not answer'), PERIOD_MS).unref();

try {
  const { createWorker } = await import('mediasoup');
  const worker = await createWorker();
  const died = new Promise<never>((_, reject) => worker.once('died', reject));
  await Promise.race([use(worker), died]);
  const gone = new Promise<void>((resolve) => worker.once('subprocessclose', resolve));
  worker.close();
  await gone;
  process.exit(0);
} catch (error) {
  fail(error);
}

async function use(worker: types.Worker): Promise<void> {
  const listenInfos = (['udp', 'tcp'] as const).map((protocol) => ({ protocol, ip: '127.0.0.1' }));
  const webRtcServer = await worker.createWebRtcServer({ listenInfos });
  const router = await worker.createRouter({ mediaCodecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 }] });
  await router.createWebRtcTransport({ webRtcServer });
}
