import { createBackoff } from '../live/backoff.js';
import { publishByWhip } from '../live/whip.js';
import { pause } from '../shared/pause.js';

/** No second try changes these. */
const FINAL = new Set(['stream_over', 'stream_key_unknown', 'stream_key_missing', 'codec_unsupported', 'sdp_invalid', 'unauthenticated', 'token_expired', 'forbidden', 'not_found']);
/** How often it may be taken by another one: by a former connection of ours, which the host has not given up yet. */
const BUSY_TRIES = { atFirst: 2, again: 6 };

/**
 * Keeps publishing until it is stopped: connects, and connects again when the line breaks, as long as the stream takes it.
 * @param changed called with { state: 'off' | 'connecting' | 'live' | 'reconnecting' | 'ended' | 'failed', reason, connection }
 */
export function createPublisher({ changed }) {
  let run = null;
  let over = Promise.resolve();
  const tell = (state, { reason = null, connection = null } = {}) => changed({ state, reason, connection });

  async function keepPublishing(options, signal) {
    const backoff = createBackoff();
    let busy = 0;
    let state = 'connecting';
    while (!signal.aborted) {
      let reason = 'The connection broke.';
      tell(state);
      try {
        const started = (connection) => {
          backoff.reset();
          busy = 0;
          state = 'reconnecting';
          tell('live', { connection });
        };
        await publishByWhip({ ...options, signal, started });
      } catch (error) {
        if (signal.aborted) return;
        reason = error.message;
        busy += error.code === 'stream_busy' ? 1 : 0;
        if (FINAL.has(error.code) || busy > (state === 'connecting' ? BUSY_TRIES.atFirst : BUSY_TRIES.again)) {
          run = null;
          return tell(error.code === 'stream_over' ? 'ended' : 'failed', { reason });
        }
      }
      if (signal.aborted) return;
      tell(state, { reason });
      await pause(backoff.next(), signal);
    }
  }

  return {
    get running() {
      return run !== null;
    },
    start(options) {
      if (run) return;
      run = new AbortController();
      const { signal } = run;
      // The goodbye of the connection before has to arrive first.
      over = over.then(() => keepPublishing(options, signal));
    },
    stop(state = 'off') {
      run?.abort();
      run = null;
      tell(state);
    },
  };
}
