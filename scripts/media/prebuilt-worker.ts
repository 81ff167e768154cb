import { createWriteStream, chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MEDIASOUP_VERSION } from '../../config/mediasoup-worker.ts';
import { run } from '../binaries/run.ts';

/** Where mediasoup's own installer looks: https://github.com/versatica/mediasoup/releases */
export const RELEASES = 'https://github.com/versatica/mediasoup/releases/download';

const CONNECT_TIMEOUT_MS = 20_000;
const DOWNLOAD_TIMEOUT_MS = 180_000;
const UNPACK_TIMEOUT_MS = 60_000;
/** The archives have 5 to 10 MB; a page that says sorry has less, and a proxy's endless answer more. */
const SIZE = { least: 1024 * 1024, most: 100 * 1024 * 1024 };

export interface Machine {
  platform: string;
  arch: string;
  /** As `uname -r`. */
  release: string;
  /** Version of the GNU C library that runs; undefined: another one, such as Alpine's musl. */
  glibc: string | undefined;
}

/** Name of the archive for a machine, as mediasoup names them; null: there is none. */
export function prebuiltName({ platform, arch, release, glibc }: Machine): string | null {
  // Linux archives are linked against the GNU library.
  if (platform === 'linux' && glibc === undefined) return null;
  const kernel = platform === 'linux' ? `-kernel${release.split('.')[0]}` : '';
  return `mediasoup-worker-${MEDIASOUP_VERSION}-${platform}-${arch}${kernel}.tgz`;
}

/**
 * Downloads mediasoup's prebuilt worker into `work`. Whether it runs here is for the caller to see.
 * @param base folder of releases
 * @returns path of the binary @throws Error with the reason
 */
export async function downloadWorker(machine: Machine, work: string, base: string, say: (line: string) => void): Promise<string> {
  const name = prebuiltName(machine);
  if (name === null) throw new Error('mediasoup has none for this machine’s C library');
  const url = `${base.replace(/\/+$/, '')}/${MEDIASOUP_VERSION}/${name}`;
  say(`mediasoup worker: asking for ${url}`);
  const archive = join(work, name);
  await download(url, archive);
  await run('tar', ['-xzf', archive, '-C', work, '--no-same-owner'], { env: process.env, timeoutMs: UNPACK_TIMEOUT_MS, progress: 'mediasoup worker: still unpacking', say });
  const binary = join(work, 'mediasoup-worker');
  if (!statSync(binary, { throwIfNoEntry: false })?.isFile()) throw new Error(`${name} holds no mediasoup-worker`);
  chmodSync(binary, 0o755);
  return binary;
}

async function download(url: string, path: string): Promise<void> {
  const stop = new AbortController();
  const connecting = setTimeout(() => stop.abort(new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1_000} s`)), CONNECT_TIMEOUT_MS);
  const all = setTimeout(() => stop.abort(new Error(`not there after ${DOWNLOAD_TIMEOUT_MS / 1_000} s`)), DOWNLOAD_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: stop.signal });
    clearTimeout(connecting);
    if (!response.ok || !response.body) throw new Error(`answered ${response.status}`);
    const promised = Number(response.headers.get('content-length') ?? Number.NaN);
    const { counter, bytes } = bounded();
    await pipeline(Readable.fromWeb(response.body as import('node:stream/web').ReadableStream), counter, createWriteStream(path));
    if (bytes() < SIZE.least) throw new Error(`has only ${bytes()} bytes`);
    if (Number.isFinite(promised) && promised !== bytes() && !response.headers.get('content-encoding')) throw new Error(`broke off after ${bytes()} of ${promised} bytes`);
  } catch (error) {
    const cause = (error as { cause?: { message?: string; code?: string } }).cause;
    throw new Error(cause?.message || cause?.code || (error as Error).message, { cause: error });
  } finally {
    clearTimeout(connecting);
    clearTimeout(all);
  }
}

function bounded(): { counter: Transform; bytes: () => number } {
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > SIZE.most ? new Error(`has more than ${SIZE.most} bytes`) : null, chunk);
    },
  });
  return { counter, bytes: () => bytes };
}
