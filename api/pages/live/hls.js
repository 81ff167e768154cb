const START_MS = 20_000;
const MEDIA_RECOVERIES = 3;

/**
 * Plays by HLS until the stream ends, fails or `signal` ends it: by hls.js where the browser has Media Source Extensions, since the
 * players that browsers bring know no low-latency parts; else (iPhones) by the browser itself.
 * @param started called with the first frame
 * @throws Error: it never began, or broke
 */
export async function playByHls({ video, url, token, signal, started }) {
  // Its own file, and a large one: who watches by WebRTC never loads it.
  const { default: Hls } = await import('/pages/vendor/hls.mjs');
  const address = new URL(url);
  if (token) address.searchParams.set('token', token);
  const scope = new AbortController();
  const stop = () => scope.abort();
  signal.addEventListener('abort', stop);
  try {
    await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('HLS gave no picture in time.')), START_MS);
      const begun = () => (clearTimeout(late), started());
      scope.signal.addEventListener('abort', () => (clearTimeout(late), resolve()));
      video.addEventListener('playing', begun, { once: true, signal: scope.signal });
      video.addEventListener('ended', resolve, { signal: scope.signal });
      if (signal.aborted) resolve();
      else if (Hls.isSupported()) attach(Hls, { video, address, token, scope: scope.signal, reject });
      else attachNative({ video, address, scope: scope.signal, reject });
    });
  } finally {
    signal.removeEventListener('abort', stop);
    scope.abort();
  }
}

function attach(Hls, { video, address, token, scope, reject }) {
  const hls = new Hls({
    lowLatencyMode: true,
    backBufferLength: 30,
    workerPath: '/pages/vendor/hls.worker.js',
    xhrSetup: (request, url) => {
      if (token && new URL(url).origin === address.origin) request.setRequestHeader('Authorization', `Bearer ${token}`);
    },
  });
  let recoveries = 0;
  hls.on(Hls.Events.ERROR, (_event, { fatal, type, details }) => {
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR && recoveries < MEDIA_RECOVERIES) {
      recoveries += 1;
      hls.recoverMediaError();
    } else reject(new Error(`HLS can not be played: ${details}`));
  });
  hls.on(Hls.Events.MANIFEST_PARSED, () => video.play().catch(() => undefined));
  scope.addEventListener('abort', () => hls.destroy());
  hls.loadSource(address.href);
  hls.attachMedia(video);
}

function attachNative({ video, address, scope, reject }) {
  if (video.canPlayType('application/vnd.apple.mpegurl') === '') return reject(new Error('This browser plays neither WebRTC nor HLS here.'));
  video.addEventListener('error', () => reject(new Error(video.error?.message || 'HLS can not be played.')), { signal: scope });
  scope.addEventListener('abort', () => {
    video.removeAttribute('src');
    video.load();
  });
  video.src = address.href;
  video.play().catch(() => undefined);
}
