import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cachedBinary, cacheDir } from '../../scripts/binaries/cached-binary.ts';
import { run } from '../../scripts/binaries/run.ts';
import { onPath } from '../../scripts/media/debian-packages.ts';

const TIMEOUT_MS = 5 * 60_000;

/**
 * Prometheus's checker of rules and configurations: the one on PATH, else that of Debian's package, which is unpacked into
 * the user's cache and not installed, since it would bring a server that starts by itself.
 * @returns null where the machine has neither @throws Error where Debian's could not be had
 */
export async function promtool(say: (line: string) => void = () => undefined): Promise<string | null> {
  const installed = onPath('promtool');
  if (installed) return installed;
  if (onPath('apt-get') === null) return null;
  const get = async (work: string): Promise<string> => {
    const options = { env: process.env, cwd: work, timeoutMs: TIMEOUT_MS, progress: 'promtool: still downloading', say };
    if (process.getuid?.() === 0) await run('apt-get', ['update', '-qq'], options);
    await run('apt-get', ['download', '-qq', 'prometheus'], options);
    const archive = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (!archive) throw new Error('apt-get left no package');
    await run('dpkg-deb', ['-x', archive, 'unpacked'], options);
    const binary = join(work, 'unpacked/usr/bin/promtool');
    if (!existsSync(binary)) throw new Error('Debian’s package of Prometheus has no promtool');
    return binary;
  };
  return cachedBinary({ path: join(cacheDir(process.env), 'promtool'), name: 'promtool', sources: [{ name: 'Debian package', get }], say });
}
