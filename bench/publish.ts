import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream, openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { chunkRange, planChunks } from '../domain/publishing/chunk-plan.ts';
import { ApiClient, call } from '../tests/helpers/api-client.ts';
import { eventually } from '../tests/helpers/eventually.ts';
import { Product } from '../tests/helpers/product.ts';
import { writeVideo, type PostDetail } from '../tests/helpers/publish-product.ts';
import { connectAccount, openApiControlOf } from '../tests/helpers/tiktok-consent.ts';
import { benchEnvironment } from './lib/environment.ts';
import { statsOf } from './lib/process-stats.ts';
import { machineFacts, median, printTable } from './lib/report.ts';

/**
 * Upload of a stored file to the sandbox by the running product, beside curl sending the same chunks from files over one
 * connection: speed, and the memory of the worker above what it takes when idle.
 * Usage: npm run bench:publish -- [--mib 1024] [--runs 5]
 */
const number = (name: string, fallback: number): number => Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) || fallback;
const BYTES = number('mib', 1_024) * 1024 * 1024;
const RUNS = number('runs', 5);
const WARM_UP_BYTES = 70 * 1024 * 1024;
const CREATOR = 'showrunner_demo';
const INIT = '/v2/post/publish/video/init/';
const SAMPLE_MS = 25;

const run = promisify(execFile);
const megabytesPerSecond = (seconds: number): number => BYTES / 1_000_000 / seconds;

interface Ours {
  seconds: number;
  idle_mb: number;
  peak_mb: number;
}

async function main(): Promise<void> {
  const environment = await benchEnvironment();
  const folder = await mkdtemp(join(tmpdir(), 'showrunner-bench-publish-'));
  const product = await Product.start({ ...environment, env: { LOG_LEVEL: 'warn', DATA_DIR: folder }, parts: ['sandbox', 'publish', 'api'] });
  try {
    const control = openApiControlOf(product.sandboxUrl);
    await control.patch('/settings', { limits: { init: 10_000, direct_posts: 10_000, status: 10_000 }, timings: { processing_ms: 50, moderation_ms: 50 } });
    const api = await ApiClient.register(product.apiUrl);
    const account = await connectAccount(api, product.sandboxUrl, CREATOR);
    const clip = join(folder, 'clip.mp4');
    await writeVideo(clip, BYTES);
    await publish(product, api, account, await store(api, await warmUpClip(folder)));
    const media = await store(api, clip);

    // By turns, so that what else the machine does strikes both.
    const ours: Ours[] = [];
    const curl: number[] = [];
    const parts = await splitLikeUs(clip, folder);
    for (let round = 1; round <= RUNS; round++) {
      ours.push(await publish(product, api, account, media));
      curl.push(await sendByCurl(product, control, parts));
      console.error(`run ${round}/${RUNS}: ours ${megabytesPerSecond(ours.at(-1)!.seconds).toFixed(0)} MB/s, curl ${megabytesPerSecond(curl.at(-1)!).toFixed(0)} MB/s`);
    }
    report(environment.described, ours, curl, parts.length);
  } finally {
    await product.stop();
    await environment.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function report(described: string, ours: readonly Ours[], curl: readonly number[], chunks: number): void {
  const speeds = (seconds: readonly number[]): number[] => seconds.map(megabytesPerSecond);
  const mine = speeds(ours.map(({ seconds }) => seconds));
  console.log(`\n${machineFacts()}\n${described}`);
  console.log(
    `Method: ${BYTES / 1024 / 1024} MiB in ${chunks} chunks to the sandbox on loopback, ${RUNS} runs of each by turns. Ours: from the timeline, first chunk begun → last chunk answered, ` +
      `each chunk an activity of Temporal’s. curl: one process and connection, from files. Memory: resident, every ${SAMPLE_MS} ms. MB: 10⁶ bytes.`,
  );
  const above = ours.map(({ peak_mb, idle_mb }) => peak_mb - idle_mb);
  printTable(
    ['', 'MB/s, median', 'slowest', 'fastest', 'idle MB', 'peak above idle MB'],
    [
      ['Showrunner’s publish worker', median(mine), Math.min(...mine), Math.max(...mine), String(Math.round(median(ours.map(({ idle_mb }) => idle_mb)))), String(Math.round(Math.max(...above)))],
      ['curl', median(speeds(curl)), Math.min(...speeds(curl)), Math.max(...speeds(curl)), '', ''],
    ],
  );
}

async function warmUpClip(folder: string): Promise<string> {
  const path = join(folder, 'warm-up.mp4');
  await writeVideo(path, WARM_UP_BYTES);
  return path;
}

async function store(api: ApiClient, path: string): Promise<string> {
  const form = new FormData();
  form.append('file', await openAsBlob(path, { type: 'video/mp4' }), 'clip.mp4');
  const response = await fetch(`${api.baseUrl}/api/media`, { method: 'POST', headers: { authorization: `Bearer ${api.token}` }, body: form });
  if (!response.ok) throw new Error(`upload: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { id: string }).id;
}

async function publish(product: Product, api: ApiClient, account: string, media_id: string): Promise<Ours> {
  const pid = product.pid('publish');
  const idle_mb = (await statsOf(pid)).rss_mb;
  let peak_mb = idle_mb;
  const sampling = setInterval(() => void statsOf(pid).then(({ rss_mb }) => (peak_mb = Math.max(peak_mb, rss_mb))), SAMPLE_MS);
  try {
    const { items } = await api.post<{ items: { id: string }[] }>('/api/posts', { social_account_ids: [account], media_id, caption: 'bench', privacy_level: 'SELF_ONLY' });
    const done = await eventually(
      async () => {
        const post = await api.get<Omit<PostDetail, 'timeline'> & { timeline: { kind: string; at: string }[] }>(`/api/posts/${items[0]!.id}`);
        if (post.state === 'failed') throw new Error(`The post failed: ${post.state_reason}`);
        return post.state === 'published' ? post : null;
      },
      { timeoutMs: 600_000, intervalMs: 250 },
    );
    const at = (kind: string): number => Date.parse(done.timeline.find((entry) => entry.kind === kind)!.at);
    return { seconds: (at('uploaded') - at('upload_started')) / 1_000, idle_mb, peak_mb };
  } finally {
    clearInterval(sampling);
  }
}

interface Part {
  path: string;
  range: string;
}

/** The chunks that our plan makes, as files. */
async function splitLikeUs(clip: string, folder: string): Promise<Part[]> {
  const plan = planChunks(BYTES);
  const parts: Part[] = [];
  for (let index = 0; index < plan.total_chunk_count; index++) {
    const { first, last } = chunkRange(plan, index);
    const path = join(folder, `chunk-${index}`);
    await pipeline(createReadStream(clip, { start: first, end: last, highWaterMark: 1024 * 1024 }), createWriteStream(path));
    parts.push({ path, range: `bytes ${first}-${last}/${BYTES}` });
  }
  return parts;
}

/** @returns seconds that curl took for all chunks */
async function sendByCurl(product: Product, control: ReturnType<typeof openApiControlOf>, parts: readonly Part[]): Promise<number> {
  const { access_token } = await control.post<{ access_token: string }>(`/accounts/${CREATOR}/grant`);
  const { chunk_size, total_chunk_count, video_size } = planChunks(BYTES);
  const { data } = await call<{ data: { upload_url: string } }>(product.sandboxUrl, access_token, 'POST', INIT, {
    post_info: { title: 'curl', privacy_level: 'SELF_ONLY' },
    source_info: { source: 'FILE_UPLOAD', chunk_size, total_chunk_count, video_size },
  });
  const { pathname, search } = new URL(data.upload_url);
  // Left alone, curl puts the file's name behind a path that ends in a slash.
  const target = ['--request-target', pathname + search];
  const one = ({ path, range }: Part): string[] => [...target, '-sS', '--fail', '-o', '/dev/null', '-H', 'Content-Type: video/mp4', '-H', `Content-Range: ${range}`, '-H', 'Expect:', '-T', path, data.upload_url];
  const started = performance.now();
  await run('curl', parts.flatMap((part, index) => (index === 0 ? one(part) : ['--next', ...one(part)])));
  return (performance.now() - started) / 1_000;
}

await main();
process.exit();
