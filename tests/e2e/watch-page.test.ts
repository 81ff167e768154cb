import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { ApiClient } from '../helpers/api-client.ts';
import { FAKE_DEVICES, openBrowser } from '../helpers/browser.ts';
import { StudioPage, WatchPage, type OpenOptions } from '../helpers/live-pages.ts';
import { StreamProduct, type MadeStream } from '../helpers/stream-product.ts';

/** /watch and /studio in a real browser with a made-up camera, against the running product. */
let world: StreamProduct;
let browser: Browser;
let opened: (WatchPage | StudioPage)[] = [];

beforeAll(async () => {
  browser = await openBrowser(FAKE_DEVICES);
  world = await StreamProduct.start({ STREAM_GRACE_S: '60', STREAM_SILENT_S: '10' });
}, 180_000);
afterEach(async () => {
  const faults = opened.flatMap((page) => page.faults);
  await Promise.all(opened.map((page) => page.close()));
  opened = [];
  expect(faults).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
}, 60_000);

const studioOf = async (stream: MadeStream, options: OpenOptions = { api: world.api }): Promise<StudioPage> => {
  const studio = await StudioPage.open(browser, stream, options);
  opened.push(studio);
  return studio;
};
const watch = async (stream: MadeStream, options: Parameters<typeof WatchPage.open>[2] = {}): Promise<WatchPage> => {
  const page = await WatchPage.open(browser, stream, options);
  opened.push(page);
  return page;
};

/** No media of WebRTC comes through: every candidate leads to a port at which nobody is. */
const blockMedia = async (page: Page): Promise<void> => {
  await page.route('**/whep/**', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replaceAll(/^(a=candidate:\S+ \d+ \S+ \d+ \S+) \d+/gm, '$1 9') });
  });
};
const refuseViewers = async (page: Page): Promise<void> => {
  await page.route('**/whep/**', (route) => route.fulfill({ status: 503, headers: { 'access-control-allow-origin': '*' }, json: { code: 'media_full', detail: 'full' } }));
};

const slowSignIn = async (page: Page): Promise<void> => {
  await page.route('**/api/auth/me', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await route.continue();
  });
};

/** A break that is long enough to be marked would take the test as long. */
const withGap = async (page: Page): Promise<void> => {
  await page.route('**/vod/*/public*', async (route) => {
    const answer = await route.fetch();
    const gaps = [{ at_ms: 2_000, from: '2026-11-21T10:00:00Z', to: '2026-11-21T10:00:09Z', reason: 'The encoder was away.' }];
    await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), gaps } });
  });
};

describe('a stream from the studio', () => {
  test('is seen by WebRTC, talked about, interrupted, gone on with and ended', async () => {
    const stream = await world.make({ title: 'From the studio' });
    const viewer = await watch(stream, { api: await ApiClient.register(world.product.apiUrl) });
    await viewer.is('waiting');

    const studio = await studioOf(stream);
    await studio.goLive();
    await viewer.is('live', 'whep');
    await viewer.shows();
    await studio.page.locator('#codec-used').filter({ hasText: 'H264' }).waitFor();
    await studio.page.locator('#bitrate').filter({ hasText: /^[1-9]\d* kbit\/s$/ }).waitFor();

    await viewer.write('Which glaze is that?');
    await studio.message('Which glaze is that?').waitFor();
    await studio.write('<img src=x onerror="document.title=1"> Celadon');
    await viewer.message('Celadon').waitFor();
    expect(await viewer.page.locator('.chat-list img').count()).toBe(0);

    await studio.page.getByRole('button', { name: 'Stop sending' }).click();
    await viewer.is('reconnecting');
    await studio.goLive();
    await viewer.is('live', 'whep');
    await viewer.shows();

    await studio.page.getByRole('button', { name: 'End the stream' }).click();
    await studio.page.locator('#confirm-yes').click();
    await viewer.is('ended');
    expect(await viewer.status()).toMatch(/^Ended/);
    await studio.is('ended');
    await world.vod(stream);
    await withGap(viewer.page);
    await viewer.page.getByRole('link', { name: 'Watch the recording' }).click();
    await viewer.page.waitForURL(/\/watch\/vod\//);
    await viewer.page.getByRole('heading', { name: 'From the studio' }).waitFor();
    await viewer.page.getByText('nothing from 10:00:00 to 10:00:09: The encoder was away.').waitFor();
    await viewer.page.evaluate("Object.assign(document.getElementById('video'), { muted: true }).play()");
    await viewer.shows();
    await viewer.message('Which glaze is that?').waitFor();
    await viewer.message('<img src=x').waitFor();
  }, 240_000);

  test('survives a page that is loaded anew: who watches goes on', async () => {
    const stream = await world.make({ title: 'Loaded anew', record: false });
    const studio = await studioOf(stream);
    await studio.goLive();
    const viewer = await watch(stream);
    await viewer.is('live', 'whep');
    await studio.page.reload();
    await studio.goLive();
    await viewer.is('live', 'whep');
    await viewer.shows();
    await world.end(stream);
    await studio.is('ended');
    await viewer.is('ended');
  }, 180_000);

  test('can be published as soon as the page can know by what right, however slow the answers are', async () => {
    const stream = await world.make({ title: 'Slow to sign in', record: false });
    const studio = await studioOf(stream, { api: world.api, prepare: slowSignIn });
    await studio.goLive();
    await world.end(stream);
    await studio.is('ended');
  }, 120_000);

  test('is published by key alone, by VP8 in three sizes, by somebody without an account', async () => {
    const stream = await world.make({ title: 'By key', record: false });
    const studio = await studioOf(stream, {});
    const { page } = studio;
    await page.getByText('More', { exact: true }).click();
    await page.getByLabel('Codec').selectOption('vp8');
    await page.getByLabel('Send three sizes').check();
    await page.getByLabel('Stream key, where').fill(stream.stream_key);
    await studio.goLive();
    await page.locator('#codec-used').filter({ hasText: 'VP8' }).waitFor();
    const viewer = await watch(stream);
    await viewer.is('live', 'whep');
    await viewer.shows();
    await world.end(stream);
    await studio.is('ended');
  }, 180_000);

  test('that a wrong key would publish says why it is not on air', async () => {
    const stream = await world.make({ record: false });
    const studio = await studioOf(stream, {});
    await studio.page.getByText('More', { exact: true }).click();
    await studio.page.getByLabel('Stream key, where').fill('sk_nobody_has_this_one');
    await studio.page.getByRole('button', { name: 'Go live' }).click();
    await studio.is('failed');
    expect(await studio.page.locator('#reason').textContent()).toMatch(/key/);
  }, 120_000);
});

describe('where WebRTC does not come through', () => {
  let stream: MadeStream;
  beforeAll(async () => {
    stream = await world.make({ title: 'By HLS' });
    const studio = await StudioPage.open(browser, stream, { api: world.api });
    await studio.goLive();
    await world.recorded(stream, 1);
  }, 180_000);
  afterAll(() => world.end(stream));

  test('a page plays by HLS when nothing connects', async () => {
    const viewer = await watch(stream, { prepare: blockMedia });
    await viewer.is('live', 'hls');
    await viewer.shows();
    expect(await viewer.status()).toBe('Live (HLS)');
  }, 120_000);

  test('a page plays by HLS when the host takes no more viewers', async () => {
    const viewer = await watch(stream, { prepare: refuseViewers });
    await viewer.is('live', 'hls');
    await viewer.shows();
  }, 120_000);

  test('a viewer may choose the way themselves', async () => {
    const viewer = await watch(stream);
    await viewer.is('live', 'whep');
    await viewer.page.getByLabel('Play by').selectOption('hls');
    await viewer.is('live', 'hls');
    await viewer.shows();
    await viewer.page.getByLabel('Play by').selectOption('whep');
    await viewer.is('live', 'whep');
    await viewer.shows();
  }, 180_000);
});

test('a private stream is not there for strangers, and plays by a signed link, by WebRTC and by HLS', async () => {
  const stream = await world.make({ title: 'Behind the curtain', visibility: 'private' });
  const stranger = await watch(stream);
  await stranger.is('fault');
  expect(await stranger.page.title()).not.toContain('Behind the curtain');

  const studio = await studioOf(stream);
  await studio.goLive();
  await world.recorded(stream, 1);
  const { token } = await world.api.post<{ token: string }>(`/streams/${stream.id}/play-url`);
  const guest = await watch(stream, { token });
  await guest.is('live', 'whep');
  await guest.shows();
  await guest.page.getByLabel('Play by').selectOption('hls');
  await guest.is('live', 'hls');
  await guest.shows();
  await world.end(stream);
  await guest.is('ended');
}, 240_000);

test('moderators delete and mute from the page, at once', async () => {
  const stream = await world.make({ title: 'Moderated', record: false });
  const viewer = await watch(stream, { api: await ApiClient.register(world.product.apiUrl) });
  const reader = await watch(stream);
  const studio = await studioOf(stream);
  await viewer.write('Buy my coins');
  await studio.message('Buy my coins').hover();
  await studio.page.getByRole('button', { name: /^Delete/ }).click();
  await viewer.message('Message deleted').waitFor();
  await reader.message('Message deleted').waitFor();
  await viewer.write('Again');
  await studio.message('Again').getByRole('button', { name: /^Mute/ }).click();
  await viewer.page.getByText('You are muted in this chat').waitFor();
  expect(await viewer.page.getByLabel('Your message').isDisabled()).toBe(true);
}, 120_000);

test('both pages fit a phone of 360 pixels', async () => {
  const stream = await world.make({ title: 'A-title-without-any-blank-that-goes-on-and-on-and-on-and-on', record: false });
  const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
  const viewer = await watch(stream, phone);
  await viewer.is('waiting');
  expect(await viewer.fits()).toBe(true);
  const studio = await studioOf(stream, { api: world.api, ...phone });
  await studio.page.getByRole('heading', { name: 'OBS and other encoders' }).waitFor();
  expect(await studio.fits()).toBe(true);
});

test('ICE servers are read from the Link header as RFC 9725 writes them', async () => {
  const viewer = await watch(await world.make({ record: false }));
  const link = '<stun:stun.example.net>; rel="ice-server", <turn:turn.example.net?transport=udp>; rel="ice-server"; username="user"; credential="my,\\"Password"; credential-type="password", <https://example.net>; rel="next"';
  expect(await viewer.page.evaluate(`import('/pages/live/signalling.js').then(({ iceServersOf }) => iceServersOf(${JSON.stringify(link)}))`)).toEqual([
    { urls: 'stun:stun.example.net' },
    { urls: 'turn:turn.example.net?transport=udp', username: 'user', credential: 'my,"Password' },
  ]);
});
