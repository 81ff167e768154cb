import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { run } from '../binaries/run.ts';

const INSTALL_TIMEOUT_MS = 20 * 60_000;
const ASK_TIMEOUT_MS = 30_000;

/** Where a command is on PATH; null: nowhere. */
export const onPath = (command: string): string | null =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find((path) => existsSync(path)) ?? null;

/** How packages are installed by this user: as root, by sudo without a password, or by a person. */
export type Installer = 'root' | 'sudo' | 'person';

/** The command that a person can run, or that is run as this user may. */
export const installCommand = (packages: readonly string[], installer: Installer): string =>
  `${installer === 'root' ? '' : 'sudo '}sh -c 'apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}'`;

/** @param listing lines of `dpkg-query -W -f '${Package} ${db:Status-Status}\n'` @returns those of `wanted` that are not installed */
export function notInstalled(wanted: readonly string[], listing: string): string[] {
  const installed = new Set(listing.split('\n').flatMap((line) => (/^\S+ installed$/.test(line) ? [line.split(' ')[0]!] : [])));
  return wanted.filter((name) => !installed.has(name));
}

/** Those of these Debian packages that are missing here. @returns null where the machine has no Debian packages */
export async function missingPackages(wanted: readonly string[]): Promise<string[] | null> {
  if (onPath('apt-get') === null || onPath('dpkg-query') === null) return null;
  // It ends with 1 where it does not know a package, which is then missing.
  const listing = await promisify(execFile)('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...wanted], { timeout: ASK_TIMEOUT_MS }).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { stdout?: string }).stdout ?? '',
  );
  return notInstalled(wanted, listing);
}

async function installer(): Promise<Installer> {
  if (process.getuid?.() === 0) return 'root';
  if (onPath('sudo') === null) return 'person';
  return promisify(execFile)('sudo', ['-n', 'true'], { timeout: ASK_TIMEOUT_MS }).then(
    () => 'sudo',
    () => 'person',
  );
}

/**
 * Installs Debian packages, where this user may.
 * @param why for a person: "for mediasoup's worker"
 * @throws Error with the command to run where this user may not, or with what apt-get said
 */
export async function installPackages(packages: readonly string[], why: string, say: (line: string) => void): Promise<void> {
  if (packages.length === 0) return;
  const as = await installer();
  if (as === 'person') throw new Error(`${packages.join(', ')} must be installed ${why}: ${installCommand(packages, as)}`);
  say(`Installing ${why}, with apt-get: ${packages.join(', ')}`);
  // dpkg's lock may be held by the machine's own upgrades: waiting beats failing.
  const script = `apt-get update -qq && apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 ${packages.join(' ')}`;
  const [program, ...rest] = [...(as === 'sudo' ? ['sudo', '-n'] : []), 'env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', script];
  try {
    await run(program!, rest, { env: process.env, timeoutMs: INSTALL_TIMEOUT_MS, progress: 'Still installing', say });
  } catch (error) {
    throw new Error(`apt-get could not install ${packages.join(', ')} (${(error as Error).message}); by hand: ${installCommand(packages, as)}`, { cause: error });
  }
}
