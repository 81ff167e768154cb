import { pause } from '../shared/pause.js';

const LOOK_MS = 250;
const OVER = new Set(['failed', 'closed']);
/** Picture data that comes for so long, and so much of it, without one frame being shown: the browser can't make anything of it. */
const FROZEN_MS = 3_000;
const FROZEN_BYTES = 10_000;

/** What a viewer has received: all bytes, those of the picture, and the frames that `video` has shown of it. */
export const receivedBy = (video) => async (connection) => {
  const stats = [...(await connection.getStats()).values()].filter(({ type }) => type === 'inbound-rtp');
  // A page in the background and a player that is paused show none, and nobody misses them.
  const frames = document.hidden || video.paused ? performance.now() : video.getVideoPlaybackQuality().totalVideoFrames;
  return { heard: sum(stats, 'bytesReceived'), picture: sum(stats.filter(({ kind }) => kind === 'video'), 'bytesReceived'), frames };
};

/** What came back to an encoder: whoever only sends hears the other side's reports. */
export async function reported(connection) {
  const transports = [...(await connection.getStats()).values()].filter(({ type }) => type === 'transport');
  return { heard: sum(transports, 'bytesReceived'), picture: 0, frames: 0 };
}

const sum = (stats, name) => stats.reduce((total, entry) => total + (entry[name] ?? 0), 0);

/** @throws Error where the connection is not made, or nothing is heard by `count`, within `ms` */
export async function untilFlowing(connection, { count, ms, signal }) {
  const deadline = performance.now() + ms;
  while (!signal.aborted) {
    if (OVER.has(connection.connectionState)) throw new Error('The connection could not be made.');
    if (connection.connectionState === 'connected' && (await count(connection)).heard > 0) return;
    if (performance.now() > deadline) throw new Error(connection.connectionState === 'connected' ? 'No media came in time.' : 'The connection could not be made in time.');
    await pause(LOOK_MS, signal);
  }
}

/** Ends when the connection is over, nothing was heard for `silentMs` (a broken line is not always told), or the picture stands still while its data comes. */
export async function untilSilent(connection, { count, silentMs, signal }) {
  let last = await count(connection);
  let heardAt = performance.now();
  let shown = { at: heardAt, ...last };
  while (!signal.aborted && !OVER.has(connection.connectionState)) {
    await pause(LOOK_MS, signal);
    const now = await count(connection);
    const at = performance.now();
    if (now.heard !== last.heard) heardAt = at;
    if (now.frames !== last.frames) shown = { at, ...now };
    if (at - heardAt > silentMs || (at - shown.at > FROZEN_MS && now.picture - shown.picture > FROZEN_BYTES)) return;
    last = now;
  }
}
