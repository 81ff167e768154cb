import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findWorkerBinary, MEDIASOUP_VERSION } from '../config/mediasoup-worker.ts';
import { machineFacts } from './lib/report.ts';
import { benchDelay } from './media-delay.ts';
import { benchViewers } from './media-viewers.ts';

/**
 * Our own streams: viewers that one core serves at 720p, and the delay from a painted frame to the screen of a viewer by WebRTC and by HLS.
 * Usage: npm run bench:media -- [--only viewers,whep,hls] [--seconds 20] [--viewers 1000]; DATABASE_URL and TEMPORAL_ADDRESS where they are set
 */
const given = (name: string): string | undefined => (process.argv.includes(`--${name}`) ? process.argv[process.argv.indexOf(`--${name}`) + 1] : undefined);
const PARTS = ['viewers', 'whep', 'hls'] as const;
const only = (given('only')?.split(',') ?? PARTS) as (typeof PARTS)[number][];
const SECONDS = Number(given('seconds') ?? 20);
const VIEWERS = Number(given('viewers') ?? 1_000);
const FFMPEG = process.env.FFMPEG_PATH ?? 'ffmpeg';

async function main(): Promise<void> {
  const workerBin = findWorkerBinary(process.env.MEDIASOUP_WORKER_BIN);
  if (!workerBin) throw new Error('There is no mediasoup worker on this machine: npm run setup:media');
  const { stdout } = await promisify(execFile)(FFMPEG, ['-version'], { timeout: 10_000 });
  console.log(`${machineFacts()}\nmediasoup ${MEDIASOUP_VERSION}, ${stdout.split(' Copyright')[0]}`);
  if (only.includes('viewers')) await benchViewers({ workerBin, ffmpeg: FFMPEG, stepMs: (SECONDS * 1_000) / 4, maxViewers: VIEWERS });
  const ways = (['whep', 'hls'] as const).filter((way) => only.includes(way));
  if (ways.length > 0) await benchDelay({ ffmpeg: FFMPEG, measureMs: SECONDS * 1_000, only: ways });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
