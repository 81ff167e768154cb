import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedBinary, cacheDir } from '../../scripts/binaries/cached-binary.ts';
import { goInstall } from '../../scripts/binaries/go-install.ts';
import { answers } from '../../scripts/supervisor/reachable.ts';
import type { S3Options } from '../../media/s3-storage.ts';
import { eventually } from './eventually.ts';
import { freePort } from './start.ts';

/** A real S3 server: https://github.com/versity/versitygw (Apache-2.0). */
const GO_PACKAGE = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';

/** Got once for this machine, like Temporal's server. @throws NoBinaryError saying what was tried */
export const s3GatewayBinary = (say: (line: string) => void): Promise<string> =>
  cachedBinary({ path: join(cacheDir(process.env), 'versitygw'), name: 'S3 server (versitygw)', sources: [goInstall(GO_PACKAGE, 'S3 server', 'about a minute', process.env, say)], say });

export interface S3Gateway {
  /** As S3_ENDPOINT. The same after stop() and start(). */
  readonly url: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** For createS3Storage. */
  readonly options: S3Options;
  /** Its environment variables, for a process of ours. */
  readonly env: Record<'S3_ENDPOINT' | 'S3_BUCKET' | 'S3_REGION' | 'S3_ACCESS_KEY_ID' | 'S3_SECRET_ACCESS_KEY', string>;
  /** The bucket on disk: an object is a file below it. */
  readonly folder: string;
  /** An outage: connections are refused until start(). */
  stop(): Promise<void>;
  /** On the same port, with all that was stored. */
  start(): Promise<void>;
  /** Ends it and removes what was stored. */
  close(): Promise<void>;
}

const KEYS = { accessKeyId: 'showrunner-tests', secretAccessKey: 'a secret of tests' };
const REGION = 'us-east-1';

/** A real S3 server with one bucket, on a port and a temporary folder of its own. */
export async function startS3Gateway({ bucket = 'media' } = {}): Promise<S3Gateway> {
  const binary = await s3GatewayBinary((line) => process.stderr.write(`  ${line}\n`));
  const root = await mkdtemp(join(tmpdir(), 'showrunner-s3-'));
  // Buckets are folders: what else it keeps must not look like one.
  const [buckets, sidecar] = [join(root, 'buckets'), join(root, 'sidecar')];
  await mkdir(buckets);
  await mkdir(sidecar);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let server: ChildProcess | null = null;

  const start = async (): Promise<void> => {
    server ??= await run(binary, port, buckets, sidecar);
  };
  const stop = async (): Promise<void> => {
    const child = server;
    server = null;
    if (child && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
  };
  await start();
  const client = new S3Client({ region: REGION, endpoint: url, forcePathStyle: true, credentials: KEYS });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return {
    url,
    bucket,
    ...KEYS,
    options: { bucket, region: REGION, endpoint: url, credentials: KEYS },
    env: { S3_ENDPOINT: url, S3_BUCKET: bucket, S3_REGION: REGION, S3_ACCESS_KEY_ID: KEYS.accessKeyId, S3_SECRET_ACCESS_KEY: KEYS.secretAccessKey },
    folder: join(buckets, bucket),
    start,
    stop,
    async close() {
      await stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Ends itself when the pipe on its stdin closes: however this process ends, kill -9 included, the server does too. */
const ENDS_WITH_US = 'exec 3<&0; (cat <&3 >/dev/null; kill -9 $$ 2>/dev/null) & exec "$0" "$@"';

/** What belongs to an object lies in a sidecar folder: not every file system has extended attributes. */
async function run(binary: string, port: number, buckets: string, sidecar: string): Promise<ChildProcess> {
  const server = ['--port', `127.0.0.1:${port}`, '--access', KEYS.accessKeyId, '--secret', KEYS.secretAccessKey, '--region', REGION, '--quiet'];
  const child = spawn('sh', ['-c', ENDS_WITH_US, binary, ...server, 'posix', '--sidecar', sidecar, buckets], { stdio: ['pipe', 'ignore', 'pipe'], env: { PATH: process.env.PATH } });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-2_000)));
  await eventually(async () => child.exitCode !== null || child.signalCode !== null || (await answers({ host: '127.0.0.1', port })), { timeoutMs: 30_000 });
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The S3 server did not start: ${said}`);
  return child;
}
