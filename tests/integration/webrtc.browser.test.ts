import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../helpers/eventually.ts';
import { inPage, openWebRtcWorld, type FakeSession, type WebRtcWorld } from '../helpers/webrtc-world.ts';
import type { PublishOptions } from '../helpers/webrtc-page.ts';

const SLOW = { timeoutMs: 40_000, intervalMs: 100 };
let world: WebRtcWorld;
let page: Page;

beforeAll(async () => {
  world = await openWebRtcWorld({}, { workers: 2, viewersPerWorker: 2 });
  page = await world.page();
}, 60_000);

afterAll(async () => world.close());

const whip = (): string => `${world.url}/whip`;
const whep = (id: string): string => `${world.url}/whep/${id}`;
const stageOf = (id: string) => world.stages.pool.find(id)!;

async function publish(options: PublishOptions = {}, id = world.stream()): Promise<{ id: string; name: string; session: FakeSession }> {
  const name = `publish-${id}-${world.sessions.begun.length}`;
  const result = await inPage(page, 'publish', name, whip(), `sk_${id}`, options);
  expect(result).toMatchObject({ status: 201, location: expect.stringMatching(new RegExp(`^/whip/${id}/[\\w-]{32}$`)) });
  const session = world.sessions.begun.at(-1)!;
  await eventually(() => session.announced, SLOW);
  return { id, name, session };
}

async function play(id: string, options: { video?: boolean; audio?: boolean; tcpOnly?: boolean } = {}): Promise<string> {
  const name = `play-${crypto.randomUUID()}`;
  expect(await inPage(page, 'play', name, whep(id), options)).toMatchObject({ status: 201 });
  return name;
}

const decodes = (name: string, more = 0) => eventually(async () => {
  const stats = await inPage(page, 'stats', name);
  return stats.framesDecoded > more && stats.framesShown > more ? stats : null;
}, SLOW);

describe('WHIP to WHEP through a real browser', () => {
  test.each(['h264', 'vp8'] as const)('brings picture (%s) and sound to the viewer', async (codec) => {
    const { id, name, session } = await publish({ codec });
    const player = await play(id);
    const stats = await decodes(player, 30);
    expect(stats).toMatchObject({ state: 'connected', protocol: 'udp', width: 320 });
    expect(stats.codecs.map((each) => each.toLowerCase())).toContain(`video/${codec}`);
    await eventually(async () => (await inPage(page, 'stats', player)).audioEnergy > 0, SLOW);
    expect(stageOf(id).viewers()).toBe(1);
    expect(await inPage(page, 'end', player)).toBe(200);
    await eventually(() => stageOf(id).viewers() === 0);
    expect(await inPage(page, 'end', name)).toBe(200);
    await eventually(() => session.over);
    expect(session.over).toMatchObject({ reason: 'closed' });
    expect(stageOf(id).producers()).toEqual([]);
  }, 120_000);

  test('takes H.264 where VP8 is offered first', async () => {
    const { id, name } = await publish();
    expect(stageOf(id).main('video')!.rtpParameters.codecs[0]!.mimeType).toBe('video/H264');
    await inPage(page, 'end', name);
  }, 60_000);

  test('sends the layers of a simulcast, and the viewer gets the largest', async () => {
    const { id, name } = await publish({ simulcast: true, codec: 'vp8' });
    expect(stageOf(id).main('video')).toMatchObject({ type: 'simulcast' });
    await eventually(async () => (await inPage(page, 'stats', name)).layers === 3, SLOW);
    const player = await play(id);
    await eventually(async () => (await inPage(page, 'stats', player)).width === 960, SLOW);
    await inPage(page, 'end', player);
    await inPage(page, 'end', name);
  }, 120_000);

  test('works with sound alone and with picture alone', async () => {
    const sound = await publish({ video: false });
    const listener = await play(sound.id);
    await eventually(async () => (await inPage(page, 'stats', listener)).audioEnergy > 0, SLOW);
    const picture = await publish({ audio: false });
    await decodes(await play(picture.id), 10);
    await decodes(await play(picture.id, { audio: false }), 10);
    await inPage(page, 'end', sound.name);
    await inPage(page, 'end', picture.name);
  }, 120_000);

  test('goes by TCP where UDP does not come through', async () => {
    const { id, name } = await publish({ tcpOnly: true });
    // Which pair of candidates is taken is told a moment after the connection.
    await eventually(async () => (await inPage(page, 'stats', name)).protocol !== null, SLOW);
    expect(await inPage(page, 'stats', name)).toMatchObject({ protocol: 'tcp' });
    const stats = await decodes(await play(id, { tcpOnly: true }), 10);
    expect(stats.protocol).toBe('tcp');
    await inPage(page, 'end', name);
  }, 120_000);

  test('survives an ICE restart at both ends', async () => {
    const { id, name } = await publish();
    const player = await play(id);
    await decodes(player, 10);
    for (const each of [name, player]) {
      const restarted = await inPage(page, 'restart', each);
      expect(restarted).toMatchObject({ status: 200, contentType: 'application/trickle-ice-sdpfrag', etag: `"${restarted.ufrag}"` });
      expect(restarted.etag).not.toBe(restarted.before);
      await eventually(async () => (await inPage(page, 'stats', each)).ice === 'connected', SLOW);
    }
    await decodes(player, (await inPage(page, 'stats', player)).framesDecoded + 30);
    await inPage(page, 'end', name);
  }, 120_000);

  test('spreads viewers over workers by piped routers', async () => {
    const { id, name } = await publish();
    const players = [await play(id), await play(id), await play(id), await play(id)];
    for (const player of players) await decodes(player, 10);
    const { workers } = await world.stages.pool.stats();
    expect(workers.filter(({ viewers }) => viewers > 0)).toHaveLength(2);
    for (const player of players) await inPage(page, 'end', player);
    await inPage(page, 'end', name);
  }, 120_000);
});

describe('an encoder that goes and comes', () => {
  test('keeps its viewers: they get the new media by their old connection', async () => {
    const first = await publish();
    const player = await play(first.id);
    await decodes(player, 10);
    await inPage(page, 'end', first.name);
    await eventually(() => first.session.over);
    const stopped = await inPage(page, 'stats', player);
    const second = await publish({}, first.id);
    await decodes(player, stopped.framesDecoded + 30);
    await eventually(async () => (await inPage(page, 'stats', player)).audioEnergy > stopped.audioEnergy, SLOW);
    expect(await inPage(page, 'stats', player)).toMatchObject({ state: 'connected' });
    await inPage(page, 'end', second.name);
  }, 120_000);

  test('with another codec loses them, so that they connect anew', async () => {
    const first = await publish({ codec: 'h264' });
    const player = await play(first.id);
    await decodes(player, 10);
    await inPage(page, 'end', first.name);
    await eventually(() => first.session.over);
    const second = await publish({ codec: 'vp8' }, first.id);
    await eventually(async () => ['disconnected', 'failed', 'closed'].includes((await inPage(page, 'stats', player)).state), SLOW);
    expect(stageOf(first.id).viewers()).toBe(0);
    await decodes(await play(first.id), 10);
    await inPage(page, 'end', second.name);
  }, 120_000);

  test('without a goodbye is lost, by DTLS at once', async () => {
    const { name, session } = await publish();
    await inPage(page, 'hangUp', name);
    await eventually(() => session.over);
    expect(session.over).toMatchObject({ reason: 'connection_lost' });
  }, 60_000);

  test('is put out when its session ends, for whatever reason', async () => {
    const { id, name, session } = await publish();
    session.end('key_revoked');
    await eventually(async () => ['disconnected', 'failed', 'closed'].includes((await inPage(page, 'stats', name)).state), SLOW);
    expect(stageOf(id).producers()).toEqual([]);
  }, 60_000);

  test('is refused while another one publishes', async () => {
    const { id, name } = await publish();
    const other = await inPage(page, 'publish', 'other', whip(), `sk_${id}`, {});
    expect(other.status).toBe(409);
    expect(JSON.parse(other.answer)).toMatchObject({ code: 'stream_busy' });
    await inPage(page, 'end', name);
  }, 60_000);
});

test('a media worker that is killed ends its encoders; the stage takes the next, and its viewers', async () => {
  const { id, session } = await publish();
  const player = await play(id);
  await decodes(player, 10);
  const stage = stageOf(id);
  const reset = new Promise<void>((resolve) => stage.on('reset', resolve));
  const { index } = (await world.stages.pool.stats()).workers.find(({ stages, viewers }) => stages > 0 && viewers > 0)!;
  process.kill((await world.stages.pool.stats()).workers[index]!.pid, 'SIGKILL');
  await reset;
  await eventually(() => session.over);
  expect(session.over).toMatchObject({ reason: 'media_worker_died' });
  await eventually(() => stage.viewers() === 0);
  const again = await publish({}, id);
  await decodes(await play(id), 10);
  await inPage(page, 'end', again.name);
}, 120_000);

test('H.264 and Opus of an encoder that is no browser are decoded, also by a viewer with other payload types', async () => {
  const id = world.stream();
  const stage = await world.stages.pool.open(id);
  const source = await world.stages.feed(stage);
  const stats = await decodes(await play(id), 30);
  expect(stats).toMatchObject({ width: 640 });
  await source.stop();
}, 60_000);
