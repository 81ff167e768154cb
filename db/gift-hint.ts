import type pg from 'pg';
import { CHANNELS } from '../domain/names.ts';

/** NOTIFY takes a lock over the whole database at commit, so it is kept out of the gift's statement, and rare. */
const INTERVAL_MS = 50;

const states = new WeakMap<pg.Pool, { isQuiet: boolean; again: boolean }>();

/**
 * Tells workers that there are gifts for rules: the first hint goes out at once, further ones at most every 50 ms. Never throws: a hint may be
 * lost, the workers look by themselves as well.
 */
export function hintGifts(pool: pg.Pool): void {
  const state = states.get(pool) ?? { isQuiet: false, again: false };
  states.set(pool, state);
  if (state.isQuiet) state.again = true;
  else send(pool, state);
}

function send(pool: pg.Pool, state: { isQuiet: boolean; again: boolean }): void {
  Object.assign(state, { isQuiet: true, again: false });
  pool.query('select pg_notify($1, $2)', [CHANNELS.gifts, '']).catch(() => undefined);
  setTimeout(() => {
    state.isQuiet = false;
    if (state.again) send(pool, state);
  }, INTERVAL_MS).unref();
}
