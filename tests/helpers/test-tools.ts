import { onPath, installPackages, missingPackages } from '../../scripts/media/debian-packages.ts';
import { mediasoupWorker } from '../../scripts/media/worker-binary.ts';
import { promtool } from './promtool.ts';
import { s3GatewayBinary } from './s3-gateway.ts';

/** What the tests drive besides Node: a browser, and ffmpeg for streams, clips and probes. */
const PACKAGES = [
  { command: 'chromium', package: 'chromium' },
  { command: 'ffmpeg', package: 'ffmpeg' },
  { command: 'ffprobe', package: 'ffmpeg' },
] as const;

/**
 * Gets what is missing of the programs that tests use: Debian's packages where this user may install them, mediasoup's worker
 * and an S3 server into the user's cache. Takes minutes on a new machine, and next to nothing on one that has them.
 * @throws Error naming all that could not be had
 */
export async function getTestTools(say: (line: string) => void): Promise<void> {
  const faults: string[] = [];
  const attempt = async (name: string, get: () => Promise<unknown>): Promise<void> => {
    try {
      await get();
    } catch (error) {
      faults.push(`${name}: ${(error as Error).message}`);
    }
  };
  // One after the other what apt-get does: it does one thing at a time.
  await attempt('Debian packages', () => debianPackages(say));
  await attempt('promtool', () => promtool(say));
  await Promise.all([
    attempt('mediasoup worker', () => mediasoupWorker({ given: process.env.MEDIASOUP_WORKER_BIN || undefined, env: process.env, say })),
    attempt('S3 server', () => s3GatewayBinary(say)),
  ]);
  if (faults.length > 0) throw new Error(`The tests need what could not be had here:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
}

async function debianPackages(say: (line: string) => void): Promise<void> {
  const wanted = [...new Set(PACKAGES.filter(({ command }) => onPath(command) === null).map((entry) => entry.package))];
  if (wanted.length === 0) return;
  const missing = await missingPackages(wanted);
  if (missing === null) throw new Error(`install ${wanted.join(' and ')}`);
  await installPackages(missing, 'for the tests', say);
}
