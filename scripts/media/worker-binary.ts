import { existsSync, rmSync } from 'node:fs';
import { availableParallelism, freemem, release } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedWorkerBinary } from '../../config/mediasoup-worker.ts';
import { cachedBinary, executable, type Source } from '../binaries/cached-binary.ts';
import { run } from '../binaries/run.ts';
import { installPackages, missingPackages } from './debian-packages.ts';
import { downloadWorker, RELEASES, type Machine } from './prebuilt-worker.ts';

const NAME = 'mediasoup worker';
const CHECK_TIMEOUT_MS = 60_000;
const BUILD_TIMEOUT_MS = 60 * 60_000;
/** What a compiler of the worker's largest file takes. */
const COMPILER_BYTES = 1.2 * 1024 ** 3;

/** What the build needs of Debian. */
export const BUILD_PACKAGES = [
  ...['g++', 'pkg-config', 'meson', 'ninja-build'],
  ...['libssl-dev', 'libuv1-dev', 'libsrtp2-dev', 'libusrsctp-dev', 'libabsl-dev', 'libflatbuffers-dev', 'flatbuffers-compiler'],
] as const;

export interface WorkerBinaryOptions {
  /** MEDIASOUP_WORKER_BIN. */
  given?: string | undefined;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
}

/** Compilers at once: one a core, and no more than memory holds. */
export const compilersAtOnce = (cores: number, freeBytes: number): number => Math.max(1, Math.min(cores, Math.floor(freeBytes / COMPILER_BYTES)));

/** @throws Error with the reason where the binary does not work here */
export async function checkWorker(binary: string, env: NodeJS.ProcessEnv): Promise<void> {
  const script = fileURLToPath(new URL('./check-worker.ts', import.meta.url));
  const options = { env: { ...env, MEDIASOUP_WORKER_BIN: binary }, timeoutMs: CHECK_TIMEOUT_MS, progress: `${NAME}: still being checked`, say: (): void => undefined };
  await run(process.execPath, ['--import', import.meta.resolve('tsx'), script], options);
}

/**
 * A worker binary that works on this machine: the one that is named; the one of the user's cache, which is got there first:
 * mediasoup's own where it can be downloaded and runs here, else built.
 * @throws Error that says what to do
 */
export async function mediasoupWorker({ given, env, say }: WorkerBinaryOptions): Promise<string> {
  if (given) {
    if (!executable(given)) throw new Error(`MEDIASOUP_WORKER_BIN names ${given}, which is not an executable file.`);
    await checkWorker(given, env).catch((error: Error) => {
      throw new Error(`MEDIASOUP_WORKER_BIN names ${given}, which does not work here: ${error.message}`);
    });
    return given;
  }
  const path = cachedWorkerBinary(env.XDG_CACHE_HOME || undefined);
  if (executable(path)) await dropIfBroken(path, env, say);
  return cachedBinary({ path, name: NAME, sources: [prebuilt(env, say), built(env, say)], say });
}

/** A library of the system may have changed under it. */
async function dropIfBroken(path: string, env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<void> {
  await checkWorker(path, env).catch((error: Error) => {
    say(`${NAME}: ${path} does not work any more (${error.message}); getting it anew`);
    rmSync(path, { force: true });
  });
}

const thisMachine = (): Machine => {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return { platform: process.platform, arch: process.arch, release: release(), glibc: header.glibcVersionRuntime };
};

const prebuilt = (env: NodeJS.ProcessEnv, say: (line: string) => void): Source => ({
  name: 'download',
  async get(work) {
    // The variable by which mediasoup's own installer is told of a mirror.
    const binary = await downloadWorker(thisMachine(), work, env.MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL || RELEASES, say);
    await checkWorker(binary, env);
    return binary;
  },
});

const built = (env: NodeJS.ProcessEnv, say: (line: string) => void): Source => ({
  name: 'build',
  async get(work) {
    const missing = await missingPackages(BUILD_PACKAGES);
    if (missing) await installPackages(missing, 'to build mediasoup’s worker', say);
    const jobs = compilersAtOnce(availableParallelism(), freemem());
    say(`${NAME}: building it with ${jobs} compilers at once; takes about 7 minutes with two, once for this machine`);
    const out = join(work, 'mediasoup-worker');
    const script = fileURLToPath(new URL('./build-worker.sh', import.meta.url));
    const args = [script, sourcesOfWorker(), fileURLToPath(new URL('./subprojects', import.meta.url)), String(jobs), out];
    await run('sh', args, { env, timeoutMs: BUILD_TIMEOUT_MS, progress: `${NAME}: still building`, say });
    await checkWorker(out, env);
    return out;
  },
});

/** worker/ of the installed package: the same version as what speaks to the binary. */
function sourcesOfWorker(): string {
  const main = fileURLToPath(import.meta.resolve('mediasoup'));
  for (let folder = dirname(main); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'worker', 'meson.build'))) return join(folder, 'worker');
  }
  throw new Error('the mediasoup package is installed without its worker’s sources');
}
