import { api } from '../shared/api.js';
import { pause } from '../shared/pause.js';

const OFTEN_MS = 3_000;
/** With a socket that tells of changes, asking is only for what it missed. */
const SELDOM_MS = 20_000;

/**
 * Keeps a stream's public row up to date: by what the chat's socket tells, and by asking.
 * @param changed called with the row whenever something of it has changed
 * @param failed called with the fault of a question that failed, null once one works again
 */
export function followStream({ path, changed, failed }) {
  const over = new AbortController();
  let wake = new AbortController();
  let row = null;
  let pushed = false;

  const take = (part) => {
    const next = { ...row, ...part };
    if (row && Object.keys(next).every((name) => JSON.stringify(next[name]) === JSON.stringify(row[name]))) return;
    row = next;
    changed(row);
  };
  const look = async () => {
    try {
      take(await api.get(path()));
      failed(null);
    } catch (error) {
      failed(error);
    }
  };
  const run = async () => {
    while (!over.signal.aborted) {
      wake = new AbortController();
      if (!document.hidden || row === null) await look();
      await pause(pushed ? SELDOM_MS : OFTEN_MS, AbortSignal.any([over.signal, wake.signal]));
    }
  };
  document.addEventListener('visibilitychange', () => document.hidden || wake.abort(), { signal: over.signal });
  void run();
  return {
    /** What a socket told. */
    tell: (part) => row && take(part),
    /** Whether a socket tells of changes. */
    set pushed(value) {
      pushed = value;
    },
    /** Asks right now. */
    refresh: () => wake.abort(),
    stop: () => over.abort(),
  };
}
