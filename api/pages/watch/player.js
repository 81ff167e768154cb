import { createBackoff } from '../live/backoff.js';
import { playByHls } from '../live/hls.js';
import { playByWhep } from '../live/whep.js';
import { pause } from '../shared/pause.js';

/** Where WebRTC has worked before, it is given more chances before HLS takes over. */
const TRIES = { first: 1, later: 3 };
/** The host has nothing to play right now: no fault of the way there. */
const NOT_YET = new Set(['stream_not_live', 'not_found']);

/**
 * Keeps a live stream playing in `video`: by WebRTC (WHEP), by HLS where that does not come about, and again when it breaks.
 * @param changed called with { state: 'off' | 'connecting' | 'playing' | 'reconnecting' | 'refused', by: 'whep' | 'hls', reason }
 */
export function createPlayer({ video, urls, token, changed }) {
  let run = null;
  let wish = 'auto';
  const tell = (state, by, reason = null) => changed({ state, by, reason });

  async function keepPlaying(signal) {
    const backoff = createBackoff();
    let [misses, worked] = [0, false];
    let state = 'connecting';
    while (!signal.aborted) {
      const by = wish === 'auto' ? (misses >= (worked ? TRIES.later : TRIES.first) ? 'hls' : 'whep') : wish;
      let reason = null;
      let begun = false;
      tell(state, by);
      try {
        const started = () => {
          begun = true;
          backoff.reset();
          if (by === 'whep') [misses, worked] = [0, true];
          tell('playing', by);
        };
        await (by === 'whep' ? playByWhep : playByHls)({ video, url: urls()[by], token: token(), signal, started });
      } catch (error) {
        if (signal.aborted) return;
        if (error.status === 401 || error.status === 403) {
          // What would let them in, such as a sign-in, begins it anew.
          run = null;
          return tell('refused', by, error.message);
        }
        reason = NOT_YET.has(error.code) ? null : error.message;
        // One way that does not come about gives its turn to the other.
        if (!begun && !NOT_YET.has(error.code)) misses = by === 'whep' ? misses + 1 : 0;
      }
      if (signal.aborted) return;
      state = 'reconnecting';
      tell(state, by, reason);
      await pause(backoff.next(), signal);
    }
  }

  function stop() {
    run?.abort();
    run = null;
    tell('off', null);
  }
  function start() {
    if (run) return;
    run = new AbortController();
    void keepPlaying(run.signal);
  }
  return {
    start,
    stop,
    /** @param way 'auto', 'whep' or 'hls' */
    prefer(way) {
      wish = way;
      if (!run) return;
      stop();
      start();
    },
  };
}
