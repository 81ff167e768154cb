import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';

/** Left to everything else on the disk. */
const RESERVE_BYTES = 256 * 1024 * 1024;
const OLD_MS = 24 * 3_600_000;

/**
 * Runs `use` with a folder of its own, which is gone afterwards. What a killed attempt at the same thing left behind goes first.
 * @param neededBytes most that will lie there
 * @throws AppError disk_full before anything is done
 */
export async function withWorkFolder<T>(root: string, name: string, neededBytes: number, use: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(root)) if (entry.startsWith(`${name}.`)) await remove(join(root, entry));
  await requireRoom(root, neededBytes);
  const folder = join(root, `${name}.${randomUUID()}`);
  await mkdir(folder, { mode: 0o700 });
  try {
    return await use(folder);
  } finally {
    await remove(folder);
  }
}

async function requireRoom(path: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  if (free < neededBytes + RESERVE_BYTES) throw new AppError('disk_full', `${neededBytes} bytes are needed for the video, ${Math.max(0, free - RESERVE_BYTES)} are free`);
}

/** Removes folders that nobody has touched for a day: their work went on elsewhere, or was given up. @returns how many */
export async function removeOldWork(root: string): Promise<number> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const entries = await readdir(root);
  let removed = 0;
  for (const entry of entries) {
    const path = join(root, entry);
    const facts = await stat(path).catch(() => null);
    if (facts === null || Date.now() - facts.mtimeMs < OLD_MS) continue;
    await remove(path);
    removed += 1;
  }
  return removed;
}

const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });
