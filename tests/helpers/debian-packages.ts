import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const INSTALL_TIMEOUT_MS = 15 * 60_000;

/** What the tests drive besides Node: a browser, and ffmpeg for clips and probes. */
const WANTED = [
  { command: 'chromium', package: 'chromium' },
  { command: 'ffprobe', package: 'ffmpeg' },
] as const;

export const onPath = (command: string): string | null =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find((path) => existsSync(path)) ?? null;

/** Installs with apt-get what is missing, where this user may; the tests that need it say what to do otherwise. */
export async function installMissingPackages(say: (line: string) => void): Promise<void> {
  const missing = WANTED.filter(({ command }) => onPath(command) === null).map((wanted) => wanted.package);
  if (missing.length === 0 || onPath('apt-get') === null) return;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const command = `apt-get update -qq && apt-get install -y -qq --no-install-recommends ${missing.join(' ')}`;
  say(`Installing for the tests, with apt-get: ${missing.join(', ')} (a minute or two).`);
  const [program, ...rest] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', command];
  try {
    await run(program!, rest, { timeout: INSTALL_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    say(`That failed (${String(error).split('\n')[0]}). Tests that need ${missing.join(' or ')} will say so.`);
  }
}
