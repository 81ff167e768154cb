import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The newest that Node 20 takes; the npm package of the same version speaks to it. */
export const MEDIASOUP_VERSION = '3.19.3';

/** Where `npm run setup:media` leaves the binary: outside of the clone, for all later ones. */
export const cachedWorkerBinary = (cacheHome = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')): string =>
  join(cacheHome, 'showrunner', 'mediasoup', MEDIASOUP_VERSION, 'mediasoup-worker');

/** @param given MEDIASOUP_WORKER_BIN @returns null: there is none on this machine */
export function findWorkerBinary(given: string | undefined): string | null {
  const path = given ?? cachedWorkerBinary();
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return null;
  }
}
