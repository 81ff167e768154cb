const FIRST_MS = 500;
const MOST_MS = 8_000;

/** Waiting times that double, with jitter, so that a thousand viewers do not come back in the same moment. */
export function createBackoff() {
  let tries = 0;
  return {
    /** @returns milliseconds */
    next() {
      const full = Math.min(MOST_MS, FIRST_MS * 2 ** tries);
      tries += 1;
      return full / 2 + Math.random() * (full / 2);
    },
    reset() {
      tries = 0;
    },
  };
}
