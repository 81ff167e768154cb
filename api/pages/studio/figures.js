import { byId } from '../shared/dom.js';

const EVERY_MS = 1_000;

/** Shows what a connection sends, every second, until the function that it returns is called. */
export function showFigures(connection) {
  let before = null;
  const timer = setInterval(async () => {
    if (connection.connectionState === 'closed') return;
    const now = read(await connection.getStats());
    byId('fps').textContent = now.fps === null ? '–' : String(Math.round(now.fps));
    byId('size').textContent = now.width ? `${now.width} × ${now.height}` : '–';
    byId('codec-used').textContent = now.codec ?? '–';
    byId('round-trip').textContent = now.roundTripMs === null ? '–' : `${Math.round(now.roundTripMs)} ms`;
    byId('loss').textContent = now.lossShare === null ? '–' : `${(now.lossShare * 100).toFixed(1)} %`;
    if (before) byId('bitrate').textContent = `${Math.round(((now.bytes - before.bytes) * 8) / (now.at - before.at))} kbit/s`;
    before = now;
  }, EVERY_MS);
  return () => clearInterval(timer);
}

/** The figures of one moment; with simulcast, those of the largest picture, and the bytes of all. */
function read(stats) {
  const all = [...stats.values()];
  const sent = all.filter(({ type }) => type === 'outbound-rtp');
  const video = sent.filter(({ kind, frameWidth }) => kind === 'video' && frameWidth).sort((a, b) => b.frameWidth - a.frameWidth)[0];
  const reports = all.filter(({ type }) => type === 'remote-inbound-rtp');
  const worst = (name) => reports.reduce((most, report) => (report[name] === undefined ? most : Math.max(most ?? 0, report[name])), null);
  const roundTripS = worst('roundTripTime');
  return {
    at: performance.now(),
    bytes: sent.reduce((sum, { bytesSent = 0 }) => sum + bytesSent, 0),
    fps: video?.framesPerSecond ?? null,
    width: video?.frameWidth,
    height: video?.frameHeight,
    codec: stats.get(video?.codecId)?.mimeType.replace('video/', ''),
    roundTripMs: roundTripS === null ? null : roundTripS * 1_000,
    lossShare: worst('fractionLost'),
  };
}
