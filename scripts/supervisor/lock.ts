import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from './process-info.ts';
import { StartError } from './start-error.ts';

/**
 * Keeps two starts out of one data folder. A lock whose process is gone (kill -9, power cut) is taken over.
 * @param marker a piece of our own command line: the pid in an old lock may belong to somebody else by now
 * @returns a function that frees the lock; may be called twice
 * @throws StartError naming the process that holds it
 */
export function lockDataDir(dir: string, marker: string): () => void {
  const file = join(dir, 'lock');
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => {
        if (holderOf(file) === process.pid) rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = holderOf(file);
    if (holder !== null && holder !== process.pid && commandLine(holder)?.includes(marker)) {
      throw new StartError(`Showrunner runs already on ${dir} (process ${holder}). End that one first, or set DATA_DIR to another folder.`);
    }
    rmSync(file, { force: true });
  }
}

function holderOf(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}
