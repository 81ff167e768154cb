import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseEnv } from '../config/env.ts';
import { isFfmpegThere } from '../media/ffmpeg-there.ts';
import { installPackages, missingPackages } from './media/debian-packages.ts';
import { mediasoupWorker } from './media/worker-binary.ts';

/**
 * Gets what streams need besides Node: mediasoup's worker (downloaded or built, into the user's cache) and ffmpeg (Debian's).
 * What is there already is checked and left. Ends with 1 where something could not be had, and says what a person can do.
 */
const say = (line: string): void => console.log(`  ${line}`);

async function ffmpeg(path: string): Promise<string> {
  if (await isFfmpegThere(path)) return path;
  if (path !== 'ffmpeg') throw new Error(`FFMPEG_PATH names ${path}, which does not run.`);
  const missing = await missingPackages(['ffmpeg']);
  if (missing === null) throw new Error('ffmpeg is not on PATH: install it (https://ffmpeg.org/download.html) or name it in FFMPEG_PATH.');
  await installPackages(['ffmpeg'], 'for RTMP, HLS and recordings', say);
  if (await isFfmpegThere(path)) return path;
  throw new Error('ffmpeg was installed and does not run all the same.');
}

const dotEnv = fileURLToPath(new URL('../.env', import.meta.url));
if (existsSync(dotEnv)) process.loadEnvFile(dotEnv);
const env = parseEnv({ ...process.env, NODE_ENV: 'development' });
// One after the other: both may install packages, and dpkg does one thing at a time.
const faults: string[] = [];
for (const [name, get] of [
  ['ffmpeg', () => ffmpeg(env.FFMPEG_PATH)],
  ['mediasoup worker', () => mediasoupWorker({ given: env.MEDIASOUP_WORKER_BIN, env: process.env, say })],
] as const) {
  try {
    console.log(`${name}: ${await get()}`);
  } catch (error) {
    faults.push(`${name}: ${(error as Error).message}`);
  }
}
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? 'All that streams need is there; npm start uses it.' : 'Streams work in part or not at all until that is done.');
process.exit(faults.length === 0 ? 0 : 1);
