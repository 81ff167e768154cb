import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from '../supervisor/process-info.ts';

const TURN_CHECK_MS = 500;

/** Outlives a clone: what took minutes to get is kept for all of the user's clones. */
export const cacheDir = (env: NodeJS.ProcessEnv): string => join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'showrunner', 'bin');

export const executable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

export interface Source {
  /** "download", "go install": for the message when all fail. */
  name: string;
  /** Gets the binary into the folder `work`, which is gone afterwards. @returns its path @throws Error with the reason, for a person */
  get: (work: string) => Promise<string>;
}

export interface CachedBinaryOptions {
  /** Where it is, or is to be. */
  path: string;
  /** For people: "Temporal". */
  name: string;
  /** Tried in this order. */
  sources: readonly Source[];
  say: (line: string) => void;
}

/** None of the sources gave it. */
export class NoBinaryError extends Error {
  override readonly name = 'NoBinaryError';
  readonly failures: readonly string[];

  constructor(name: string, failures: readonly string[]) {
    super(`${name} could not be had:\n${failures.map((failure) => `  - ${failure}`).join('\n')}`);
    this.failures = failures;
  }
}

/**
 * The binary at `path`, which is got there first where it is absent: once, however many ask at the same time, and whole or
 * not at all.
 * @throws NoBinaryError
 */
export async function cachedBinary({ path, name, sources, say }: CachedBinaryOptions): Promise<string> {
  if (executable(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const unlock = await waitForTurn(`${path}.lock`, () => say(`${name}: another process is getting it; waiting`));
  try {
    if (!executable(path)) await obtain(path, name, sources, say);
    return path;
  } finally {
    unlock();
  }
}

async function obtain(target: string, name: string, sources: readonly Source[], say: (line: string) => void): Promise<void> {
  const failures: string[] = [];
  for (const source of sources) {
    const work = mkdtempSync(join(dirname(target), `get-${basename(target)}-`));
    try {
      renameSync(await source.get(work), target);
      say(`${name}: it is in ${target}, for all later starts`);
      return;
    } catch (error) {
      failures.push(`${source.name}: ${(error as Error).message}`);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  throw new NoBinaryError(name, failures);
}

/** Two processes at once would both build for minutes: the second waits for the first. */
async function waitForTurn(file: string, onWait: () => void): Promise<() => void> {
  let said = false;
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!holderLives(file)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!said) onWait();
    said = true;
    await delay(TURN_CHECK_MS);
  }
}

function holderLives(file: string): boolean {
  try {
    return isAlive(Number(readFileSync(file, 'utf8')));
  } catch {
    return false;
  }
}
