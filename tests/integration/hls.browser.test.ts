import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../helpers/browser.ts';
import { openEgressWorld, type EgressWorld } from '../helpers/egress-world.ts';
import { eventually } from '../helpers/eventually.ts';
import { playByHls } from '../helpers/hls-player.ts';
import type { TestStream } from '../helpers/ingest-world.ts';

/** hls.js in a real Chromium, on what a real media host serves. */
let world: EgressWorld;
let browser: Browser;
beforeAll(async () => {
  [world, browser] = await Promise.all([openEgressWorld(), openBrowser()]);
}, 60_000);
afterAll(async () => {
  await browser.close();
  await world.close();
}, 60_000);

const playlist = async ({ id }: TestStream): Promise<string> => (await fetch(`${world.url}/hls/${id}/media.m3u8`)).text();
const plays = (stream: TestStream) => eventually(async () => (await playlist(stream)).includes('#EXTINF'), { timeoutMs: 60_000 });

test('hls.js plays with low latency: by parts, within seconds of now, without a stall or a fault', async () => {
  const stream = await world.stream();
  // Small, so that the encoder beside it keeps pace on a busy machine.
  const { stop } = await world.publish(stream, { video: { width: 320, height: 180, fps: 15 } });
  await plays(stream);
  const player = await playByHls(browser, world.url, stream.id);
  await eventually(async () => (await player.state()).time > 0, { timeoutMs: 60_000 });
  let from = await player.state();
  // Six seconds on end without a stall or a fault; after one it begins to count anew.
  await eventually(
    async () => {
      const now = await player.state();
      if (now.faults.length > from.faults.length) from = now;
      return now.time > from.time + 6;
    },
    { timeoutMs: 60_000 },
  );
  const { latency, ...state } = await player.state();
  expect(state).toMatchObject({ width: 320, height: 180, canBlockReload: true, partTarget: 0.5 });
  // Three parts of half a second are held back; the rest is this machine's.
  expect(latency).toBeLessThan(5);
  expect(player.requested.some((url) => /_HLS_msn=\d+&_HLS_part=\d+/.test(url))).toBe(true);
  expect(player.requested.some((url) => /\/\d+\.\d+\.m4s$/.test(url))).toBe(true);
  await player.close();
  await stop();
}, 180_000);

test('hls.js plays on over an ffmpeg that was killed', async () => {
  const stream = await world.stream();
  const { session, stop } = await world.publish(stream);
  await plays(stream);
  const player = await playByHls(browser, world.url, stream.id);
  await eventually(async () => (await player.state()).time > 1, { timeoutMs: 60_000 });
  process.kill(world.egress.pidOf(session.id)!, 'SIGKILL');
  await eventually(async () => (await playlist(stream)).includes('#EXT-X-DISCONTINUITY\n'), { timeoutMs: 60_000 });
  const from = (await player.state()).time;
  await eventually(async () => (await player.state()).time > from + 6, { timeoutMs: 60_000 });
  await player.close();
  await stop();
}, 180_000);
