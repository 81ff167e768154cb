import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHlsArchive } from '../../activities/streaming/hls-archive.ts';
import { createRecordingLedger } from '../../activities/streaming/recording-ledger.ts';
import { signToken } from '../../db/signed-token.ts';
import { createHlsMedia } from '../../media/hls/hls-media.ts';
import { createHlsPlaylists } from '../../media/hls/hls-playlists.ts';
import { LiveWindows } from '../../media/hls/live-windows.ts';
import { mediaHttp } from '../../media/http/app.ts';
import { addHlsRoutes } from '../../media/http/hls.ts';
import { recordingDisk } from '../../media/recording/recording-disk.ts';
import { openEgressWorld, settled, type EgressWorld } from '../helpers/egress-world.ts';
import { eventually } from '../helpers/eventually.ts';
import { JWT_SECRET, type TestStream } from '../helpers/ingest-world.ts';
import { quietLog } from '../helpers/quiet-log.ts';

const run = promisify(execFile);
const IMMUTABLE = 'public, max-age=31536000, immutable';
let world: EgressWorld;
let stream: TestStream;
beforeAll(async () => {
  world = await openEgressWorld({ windowSegments: 5 });
  stream = await world.stream();
  await world.publish(stream);
  await eventually(async () => (await get(`${stream.id}/media.m3u8`)).ok && (await lines()).filter((line) => line.startsWith('#EXTINF')).length >= 2, { timeoutMs: 60_000 });
}, 120_000);
afterAll(() => world.close(), 60_000);

const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${world.url}/hls/${path}`, { redirect: 'manual', signal: AbortSignal.timeout(30_000), ...init });
const lines = async (id = stream.id, query = ''): Promise<string[]> => (await (await get(`${id}/media.m3u8${query}`)).text()).trimEnd().split('\n');
const valueOf = (all: readonly string[], tag: string): string => all.find((line) => line.startsWith(`#${tag}:`))!.slice(tag.length + 2);
/** Sequence of the segment that grows, and how many of its parts are listed. */
function edgeOf(all: readonly string[]): { sequence: number; parts: number } {
  const closed = all.filter((line) => line.startsWith('#EXTINF')).length;
  const sequence = Number(valueOf(all, 'EXT-X-MEDIA-SEQUENCE')) + closed;
  return { sequence, parts: all.filter((line) => line.includes(`/${sequence}.`) && line.startsWith('#EXT-X-PART:')).length };
}

describe('HLS', () => {
  test('names codecs, size and bandwidth; each player gets an address of its own for its playlist', async () => {
    const [one, other] = await Promise.all([get(`${stream.id}/index.m3u8`), get(`${stream.id}/index.m3u8`)]);
    expect(one.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(one.headers.get('access-control-allow-origin')).toBe('*');
    expect(one.headers.get('cache-control')).toBe('no-store');
    const text = await one.text();
    expect(text).toMatch(/#EXT-X-STREAM-INF:BANDWIDTH=\d+,CODECS="avc1\.42\w{4},mp4a\.40\.2",RESOLUTION=640x360\nmedia\.m3u8\?viewer=[\w-]{36}\n$/);
    expect(await other.text()).not.toBe(text);
  });

  test('has its newest parts fetched while they are made: a reload waits for the part that it names', async () => {
    const { sequence, parts } = edgeOf(await lines());
    const asked = performance.now();
    const response = await get(`${stream.id}/media.m3u8?_HLS_msn=${sequence}&_HLS_part=${parts}`);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const now = edgeOf((await response.text()).trimEnd().split('\n'));
    expect(now.sequence > sequence || now.parts > parts).toBe(true);
    expect(performance.now() - asked).toBeLessThan(5_000);
    const whole = edgeOf(await lines(stream.id, `?_HLS_msn=${now.sequence}`));
    expect(whole.sequence).toBeGreaterThan(now.sequence);
  });

  test('refuses what can never come: too far ahead, no number, a part of nothing', async () => {
    const { sequence } = edgeOf(await lines());
    for (const query of [`_HLS_msn=${sequence + 20}`, `_HLS_msn=${sequence}&_HLS_part=200`, '_HLS_msn=x', '_HLS_part=1']) {
      const response = await get(`${stream.id}/media.m3u8?${query}`);
      expect(response.status).toBe(400);
      expect(((await response.json()) as { code: string }).code).toBe('hls_reload_invalid');
    }
  });

  test('loses no part: those of a segment are its bytes, and the next one that is hinted at comes', async () => {
    const all = await lines();
    const hinted = /URI="([^"]+)"/.exec(all.find((line) => line.startsWith('#EXT-X-PRELOAD-HINT'))!)![1]!;
    const segment = all.findLast((line) => line.endsWith('.m4s') && !line.startsWith('#'))!;
    const uris = all.filter((line) => line.startsWith('#EXT-X-PART:') && line.includes(`/${segment.split('/')[1]!.replace('.m4s', '')}.`)).map((line) => /URI="([^"]+)"/.exec(line)![1]!);
    const next = get(`${stream.id}/${hinted}`);
    const parts = await Promise.all(uris.map(async (uri) => Buffer.from(await (await get(`${stream.id}/${uri}`)).arrayBuffer())));
    const whole = await get(`${stream.id}/${segment}`);
    expect(Buffer.concat(parts).equals(Buffer.from(await whole.arrayBuffer()))).toBe(true);
    // Where the segment ended before it, a hint comes to nothing; it never hangs.
    expect([200, 404]).toContain((await next).status);
  });

  test('lets CDNs keep segments for ever and ranges of them, by a tag of their own', async () => {
    const uri = (await lines()).find((line) => line.endsWith('.m4s') && !line.startsWith('#'))!;
    const whole = await get(`${stream.id}/${uri}`);
    const bytes = Buffer.from(await whole.arrayBuffer());
    expect(Object.fromEntries(['content-type', 'cache-control', 'accept-ranges', 'content-length'].map((name) => [name, whole.headers.get(name)]))).toEqual({
      'content-type': 'video/mp4',
      'cache-control': IMMUTABLE,
      'accept-ranges': 'bytes',
      'content-length': String(bytes.length),
    });
    const etag = whole.headers.get('etag')!;
    expect((await get(`${stream.id}/${uri}`, { headers: { 'if-none-match': etag } })).status).toBe(304);
    const part = await get(`${stream.id}/${uri}`, { headers: { range: 'bytes=10-19' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.length}`]);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
    expect((await get(`${stream.id}/${uri}`, { headers: { range: `bytes=${bytes.length}-` } })).status).toBe(416);
    const head = await get(`${stream.id}/${uri}`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
    expect((await get(`${stream.id}/media.m3u8`)).headers.get('cache-control')).toBe('public, max-age=1');
    expect((await get(`${stream.id}/${randomUUID()}/1.m4s`)).status).toBe(404);
    expect((await get(`${randomUUID()}/media.m3u8`)).status).toBe(404);
  });

  test('is taken by ffprobe and ffmpeg as it is', async () => {
    const url = `${world.url}/hls/${stream.id}/index.m3u8`;
    const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', '-show_streams', url], { timeout: 60_000 });
    expect((JSON.parse(stdout) as { streams: { codec_name: string }[] }).streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
    const { stderr } = await run('ffmpeg', ['-v', 'error', '-xerror', '-i', url, '-t', '4', '-f', 'null', '-'], { timeout: 60_000 });
    expect(stderr).toBe('');
  }, 120_000);

  test('sends players of another host’s stream there', async () => {
    const other = await world.stream();
    const id = `elsewhere-${randomUUID()}`;
    const { db } = world.ingest.database;
    await db.insertInto('media_hosts').values({ id, public_url: 'https://media-2.example', rtmp_url: null, task_queue: id, features: [] }).execute();
    await db.updateTable('streams').set({ media_host_id: id, status: 'live' }).where('id', '=', other.id).execute();
    await db.insertInto('stream_sessions').values({ id: randomUUID(), stream_id: other.id, epoch: 1, kind: 'whip', host_id: id, key_version: 1, remote_address: null, user_agent: null, request_id: null, ended_at: null, end_reason: null, end_detail: null }).execute();
    const response = await get(`${other.id}/media.m3u8?_HLS_msn=4`);
    expect([response.status, response.headers.get('location')]).toEqual([307, `https://media-2.example/hls/${other.id}/media.m3u8?_HLS_msn=4`]);
  });

  test('of latency normal has whole segments only, and answers a reload at once', async () => {
    const plain = await world.stream({ latency: 'normal', record: false });
    const { stop } = await world.publish(plain);
    await eventually(async () => (await get(`${plain.id}/media.m3u8`)).ok && (await lines(plain.id)).some((line) => line.startsWith('#EXTINF')), { timeoutMs: 60_000 });
    expect((await lines(plain.id, '?_HLS_msn=99999999')).join('\n')).not.toMatch(/EXT-X-(PART|SERVER-CONTROL|PRELOAD)/);
    await stop();
  }, 120_000);

  test('counts players that ask within the last seconds', async () => {
    const counted = await world.stream({ record: false });
    const { stop } = await world.publish(counted);
    await eventually(async () => (await get(`${counted.id}/media.m3u8?viewer=a`)).ok, { timeoutMs: 60_000 });
    await get(`${counted.id}/media.m3u8?viewer=a`);
    await get(`${counted.id}/media.m3u8?viewer=b`);
    expect(world.viewers.count(counted.id)).toBe(2);
    await stop();
  }, 120_000);
});

describe('A private stream', () => {
  test('is played with a token, which goes with each address; without one it is refused', async () => {
    const secret = await world.stream({ visibility: 'private' });
    const { stop } = await world.publish(secret);
    const token = await signToken('play', secret.id, JWT_SECRET, 600);
    await eventually(async () => (await get(`${secret.id}/media.m3u8?token=${token}`)).ok && (await lines(secret.id, `?token=${token}`)).some((line) => line.startsWith('#EXTINF')), { timeoutMs: 60_000 });
    expect((await get(`${secret.id}/index.m3u8`)).status).toBe(401);
    expect((await get(`${secret.id}/index.m3u8?token=${await signToken('play', secret.id, JWT_SECRET, 600, 1_000_000)}`)).status).toBe(401);
    expect((await get(`${secret.id}/index.m3u8?token=${await signToken('play', stream.id, JWT_SECRET, 600)}`)).ok).toBe(false);
    const index = await (await get(`${secret.id}/index.m3u8`, { headers: { authorization: `Bearer ${token}` } })).text();
    expect(index).toContain(`token=${token}`);
    const uris = [...(await lines(secret.id, `?token=${token}`)).join('\n').matchAll(/[\w/.-]+\.(?:m4s|mp4)[^"\n]*/g)].map(([uri]) => uri);
    expect(uris.length).toBeGreaterThan(2);
    expect(uris.every((uri) => uri.endsWith(`?token=${token}`))).toBe(true);
    const segment = await get(`${secret.id}/${uris.find((uri) => /\/\d+\.m4s/.test(uri))!}`);
    expect([segment.status, segment.headers.get('cache-control')]).toEqual([200, IMMUTABLE.replace('public', 'private')]);
    expect((await get(`${secret.id}/${uris[0]!.split('?')[0]!}`)).status).toBe(401);
    await stop();
  }, 120_000);
});

describe('After the end', () => {
  test('an encoder’s second session goes on behind the first; an ended stream has its end; another process serves it from storage', async () => {
    const again = await world.stream();
    const first = await world.publish(again);
    await eventually(async () => (await world.segments(again)).filter(({ state }) => state === 'stored').length >= 2, { timeoutMs: 60_000 });
    await first.stop();
    const before = await settled(world, again, 2);
    expect((await lines(again.id)).at(-1)).not.toBe('#EXT-X-ENDLIST');
    const second = await world.publish(again);
    await eventually(async () => (await world.runs(again)).length === 2 && (await world.segments(again)).length >= before.length + 2, { timeoutMs: 60_000 });
    const both = await lines(again.id);
    expect(both.filter((line) => line === '#EXT-X-DISCONTINUITY')).toHaveLength(1);
    expect(both.filter((line) => line.startsWith('#EXT-X-MAP'))).toHaveLength(2);
    await second.stop();
    const segments = await settled(world, again, before.length + 2);
    await world.ingest.database.db.updateTable('streams').set({ status: 'ended', media_host_id: null }).where('id', '=', again.id).execute();
    await eventually(async () => (await lines(again.id)).at(-1) === '#EXT-X-ENDLIST');

    // A process that has never heard of it.
    const archive = createHlsArchive(world.ingest.database.db);
    const http = mediaHttp(world.ingest.logger);
    const windows = new LiveWindows({ disk: recordingDisk, ledger: createRecordingLedger({ database: world.ingest.database, hostId: 'fresh', hint: () => undefined }), archive, segments: 5, part_ms: 500, logger: quietLog });
    addHlsRoutes(http, {
      gate: world.ingest.gate,
      hostId: 'fresh',
      playlists: createHlsPlaylists({ windows, archive, cutting: world.egress.cutting, windowSegments: 5 }),
      media: createHlsMedia({ windows, archive, storage: world.storage, partWaitMs: 100 }),
      viewers: world.viewers,
      trustedProxies: 0,
    });
    const listed = (await (await http.request(`/hls/${again.id}/media.m3u8`)).text()).trimEnd().split('\n');
    expect(listed.filter((line) => !line.startsWith('#'))).toEqual(segments.slice(-5).map(({ run_id, sequence }) => `${run_id}/${sequence}.m4s`));
    expect(valueOf(listed, 'EXT-X-DISCONTINUITY-SEQUENCE')).toBe(segments.at(-5)!.run_id === segments[0]!.run_id ? '0' : '1');
    expect(listed.at(-1)).toBe('#EXT-X-ENDLIST');
    expect(await (await http.request(`/hls/${again.id}/index.m3u8`)).text()).toContain('RESOLUTION=640x360');
    for (const uri of [listed.at(-2)!, `${segments.at(-1)!.run_id}/init.mp4`]) {
      const response = await http.request(`/hls/${again.id}/${uri}`);
      expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, uri.endsWith('.m4s') ? segments.at(-1)!.size_bytes : expect.any(Number)]);
    }
  }, 180_000);
});
