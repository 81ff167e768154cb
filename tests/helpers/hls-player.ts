import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';

export interface PlayerState {
  /** Place in the video, seconds. */
  time: number;
  /** Behind now, seconds, as hls.js reckons it. */
  latency: number;
  width: number;
  height: number;
  canBlockReload: boolean | null;
  partTarget: number | null;
  /** Fatal ones, and stalls. */
  faults: string[];
}

export interface HlsPlayer {
  /** Addresses that the page asked for. */
  requested: string[];
  state(): Promise<PlayerState>;
  close(): Promise<void>;
}

const PAGE = `<!doctype html><video muted autoplay></video><script src="/hls.min.js"></script><script>
  const video = document.querySelector('video');
  const faults = [];
  const hls = new Hls({ lowLatencyMode: true });
  hls.on(Hls.Events.ERROR, (_event, { fatal, details }) => { if (fatal || details === 'bufferStalledError') faults.push(details); });
  hls.loadSource(new URLSearchParams(location.search).get('url'));
  hls.attachMedia(video);
  window.state = () => {
    const details = hls.levels?.[0]?.details;
    return { time: video.currentTime, latency: hls.latency, width: video.videoWidth, height: video.videoHeight, canBlockReload: details?.canBlockReload ?? null, partTarget: details?.partTarget ?? null, faults };
  };
</script>`;

/** A page with hls.js, as it comes, that plays a stream of the media host at `url`. */
export async function playByHls(browser: Browser, url: string, streamId: string): Promise<HlsPlayer> {
  const page = await browser.newPage();
  const script = await readFile('node_modules/hls.js/dist/hls.min.js', 'utf8');
  await page.route('**/player.html*', (route) => route.fulfill({ contentType: 'text/html', body: PAGE }));
  await page.route('**/hls.min.js', (route) => route.fulfill({ contentType: 'text/javascript', body: script }));
  const requested: string[] = [];
  page.on('request', (request) => requested.push(request.url()));
  await page.goto(`${url}/player.html?url=${encodeURIComponent(`/hls/${streamId}/index.m3u8`)}`);
  return { requested, state: () => page.evaluate('window.state()'), close: () => page.close() };
}
