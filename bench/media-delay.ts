import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { StreamProduct, type MadeStream } from '../tests/helpers/stream-product.ts';
import { eventually } from '../tests/helpers/eventually.ts';
import { openBrowser } from '../tests/helpers/browser.ts';
import { benchEnvironment } from './lib/environment.ts';
import { printTable, quantile } from './lib/report.ts';
import { TIME_CODE, TIME_CODE_SCRIPT, WATCH_SCRIPT } from './lib/time-code.ts';
import { publishTimeCode } from './lib/time-coded-encoder.ts';

/** A page that is not in front is slowed down otherwise. */
const AWAKE = ['--disable-background-timer-throttling', '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows', '--autoplay-policy=no-user-gesture-required'];
const BEGIN_MS = 60_000;
const MOST_SETTLE_MS = 10_000;

export interface DelayOptions {
  ffmpeg: string;
  /** How long frames are gathered, milliseconds. */
  measureMs: number;
  only: readonly ('whep' | 'hls')[];
}

interface Delays {
  name: string;
  delays: number[];
  unread: number;
}

/** From the moment a frame is painted to the moment a browser shows it, through the running product. */
export async function benchDelay({ ffmpeg, measureMs, only }: DelayOptions): Promise<void> {
  const environment = await benchEnvironment();
  process.env.TEST_DATABASE_URL = environment.databaseUrl;
  process.env.TEST_TEMPORAL_ADDRESS = environment.temporalAddress;
  const world = await StreamProduct.start({ LOG_LEVEL: 'warn' });
  const browser = await openBrowser(AWAKE);
  const results: Delays[] = [];
  try {
    if (only.includes('whep')) {
      const stream = await world.make({ title: 'Delay by WebRTC', record: false, latency: 'low' });
      await publishByWhip(browser, world, stream);
      await world.reaches(stream, 'live');
      results.push({ name: 'WHIP → WHEP', ...(await watch(browser, world, stream, 'whep', measureMs)) });
      await world.end(stream);
    }
    if (only.includes('hls')) {
      const stream = await world.make({ title: 'Delay by HLS', record: true, latency: 'low' });
      const encoder = publishTimeCode(`${stream.urls.rtmp}/${stream.stream_key}`, ffmpeg);
      try {
        await world.reaches(stream, 'live');
        results.push({ name: 'RTMP → HLS', ...(await watch(browser, world, stream, 'hls', measureMs)) });
      } finally {
        await encoder.stop();
      }
      await world.end(stream);
    }
  } finally {
    await browser.close();
    await world.close();
    await environment.close();
  }
  report(results, browser.version());
}

/** Paints the time onto a canvas and publishes it, by the studio's own module. */
async function publishByWhip(browser: Browser, world: StreamProduct, stream: MadeStream): Promise<void> {
  const page = await openPage(browser, world, `/studio/${stream.id}`);
  await page.evaluate(`(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: ${TIME_CODE.width}, height: ${TIME_CODE.height} });
    const context = canvas.getContext('2d');
    const stream = canvas.captureStream(0);
    const [track] = stream.getVideoTracks();
    track.contentHint = 'motion';
    setInterval(() => {
      timeCode.paint(context, timeCode.now());
      track.requestFrame();
    }, 1000 / 30);
    const { publishByWhip } = await import('/pages/live/whip.js');
    const signal = new AbortController().signal;
    await new Promise((started, failed) =>
      publishByWhip({ stream, url: ${JSON.stringify(new URL('/whip', stream.urls.whip).href)}, token: ${JSON.stringify(stream.stream_key)}, codec: 'h264', simulcast: false, signal, started }).then(() => failed(new Error('the session ended')), failed),
    );
  })()`);
}

/** Plays by the watch page's own module, and reads the time from what is shown. */
async function watch(browser: Browser, world: StreamProduct, stream: MadeStream, way: 'whep' | 'hls', measureMs: number): Promise<Omit<Delays, 'name'>> {
  const page = await openPage(browser, world, `/watch/${stream.id}`);
  const module = way === 'whep' ? ['/pages/live/whep.js', 'playByWhep'] : ['/pages/live/hls.js', 'playByHls'];
  await page.evaluate(`(async () => {
    const player = (await import('${module[0]}')).${module[1]};
    const video = (globalThis.video = Object.assign(document.createElement('video'), { muted: true, autoplay: true }));
    document.body.replaceChildren(video);
    const play = (left) => new Promise((started, failed) => player({ video, url: ${JSON.stringify(stream.urls[way])}, token: null, signal: new AbortController().signal, started }).then(() => failed(new Error('it ended')), failed))
      .catch((error) => (left > 0 ? new Promise((again) => setTimeout(again, 500)).then(() => play(left - 1)) : Promise.reject(error)));
    await play(20);
  })()`);
  await page.evaluate(WATCH_SCRIPT);
  const read = (): Promise<{ delays: number[]; unread: number }> => page.evaluate('({ delays: globalThis.delays, unread: globalThis.unread })');
  await eventually(async () => (await read()).delays.length > 30, { timeoutMs: BEGIN_MS });
  // Players approach their place behind the live edge by and by.
  await delay(Math.min(MOST_SETTLE_MS, measureMs));
  await page.evaluate('globalThis.delays.length = 0; globalThis.unread = 0; 0');
  await delay(measureMs);
  const gathered = await read();
  await page.context().close();
  return gathered;
}

async function openPage(browser: Browser, world: StreamProduct, path: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1_280, height: 800 } })).newPage();
  // The page's own scripts would play and publish beside the measurement.
  await page.route('**/main.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
  await page.goto(world.product.apiUrl + path);
  await page.evaluate(TIME_CODE_SCRIPT);
  return page;
}

function report(results: readonly Delays[], browser: string): void {
  console.log(
    `\nMethod: Chromium ${browser} without a window, all on this machine over loopback. Each frame (720p, 30 a second, H.264) carries the time at which it was painted as blocks of black and white; the viewer reads it back when the frame is presented ` +
      '(requestVideoFrameCallback), by the same clock: encoding, network, buffers and decoding are all in it, a camera’s and a screen’s own delay are not. WHIP → WHEP: a canvas published by the studio’s code, played by the watch page’s. ' +
      'RTMP → HLS: ffmpeg (x264, zerolatency), low-latency playlist, hls.js. Aim for WHIP → WHEP: p95 under 150 ms.',
  );
  printTable(
    ['Glass to glass, ms', 'frames', 'unreadable', 'p50', 'p95', 'max'],
    results.map(({ name, delays, unread }) => [name, delays.length, unread, Math.round(quantile(delays, 0.5)), Math.round(quantile(delays, 0.95)), Math.round(Math.max(...delays))]),
  );
}
