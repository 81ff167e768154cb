import { expect, jest, test } from '@jest/globals';

interface Told {
  state: string;
  by: string | null;
  reason: string | null;
}
interface Player {
  start(): void;
  stop(): void;
  prefer(way: string): void;
}

const refusal = Object.assign(new Error('Sign in to watch.'), { status: 401 });
/** Plays until it is stopped, for whom has signed in. */
const playByWhep = jest.fn(({ token, started, signal }: { token: string | null; started: () => void; signal: AbortSignal }): Promise<void> => {
  if (token === null) return Promise.reject(refusal);
  started();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
});
jest.unstable_mockModule('../../api/pages/live/whep.js', () => ({ playByWhep }));
jest.unstable_mockModule('../../api/pages/live/hls.js', () => ({ playByHls: () => Promise.reject(refusal) }));
// A page's module, which has no types.
const MODULE = '../../api/pages/watch/player.js';
const { createPlayer } = (await import(MODULE)) as { createPlayer: (options: object) => Player };

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('Who was refused is idle until they may watch, and then begins anew', async () => {
  let token: string | null = null;
  const told: Told[] = [];
  const player = createPlayer({ video: null, urls: () => ({ whep: '/whep', hls: '/hls' }), token: () => token, changed: (next: Told) => void told.push(next) });
  player.start();
  await turn();
  expect(told.at(-1)).toEqual({ state: 'refused', by: 'whep', reason: 'Sign in to watch.' });
  player.prefer('whep');
  await turn();
  expect(playByWhep).toHaveBeenCalledTimes(1);

  token = 'token';
  player.start();
  await turn();
  expect(told.at(-1)).toMatchObject({ state: 'playing', by: 'whep' });
  player.start();
  player.stop();
  await turn();
  expect(playByWhep).toHaveBeenCalledTimes(2);
  expect(told.at(-1)).toMatchObject({ state: 'off' });
});
