import { expect, jest, test } from '@jest/globals';
import { Watchdog } from '../../activities/live/watchdog.ts';
import type { RoomState } from '../../domain/contracts/live-connection.ts';

function setUp({ answers = true, state = 'live' as RoomState } = {}) {
  let now = 0;
  const ping = jest.fn(async () => answers);
  const roomState = jest.fn(async () => state);
  const watchdog = new Watchdog({ connection: { ping }, roomState, suspect_ms: 1_000, now: () => now });
  return { watchdog, ping, roomState, pass: (ms: number) => (now += ms) };
}

test('a socket that brings frames is never pinged', async () => {
  const { watchdog, ping, pass } = setUp();
  for (let i = 0; i < 10; i++) {
    pass(900);
    watchdog.sawFrame();
    expect(await watchdog.check()).toBe('fine');
  }
  expect(ping).not.toHaveBeenCalled();
});

test('a quiet room whose socket answers stays connected', async () => {
  const { watchdog, ping, pass } = setUp();
  for (let i = 0; i < 20; i++) {
    pass(1_000);
    expect(await watchdog.check()).toBe('fine');
  }
  expect(ping).toHaveBeenCalledTimes(20);
});

test('a socket that answers no ping is dead', async () => {
  const { watchdog, pass } = setUp({ answers: false });
  pass(1_000);
  expect(await watchdog.check()).toBe('dead');
});

test('a room that ended without a word is found by asking for its state', async () => {
  const { watchdog, roomState, pass } = setUp({ state: 'offline' });
  const verdicts: string[] = [];
  for (let i = 0; i < 4; i++) {
    pass(1_000);
    verdicts.push(await watchdog.check());
  }
  expect(verdicts).toEqual(['fine', 'fine', 'fine', 'room_ended']);
  expect(roomState).toHaveBeenCalledTimes(1);
});

test('a frame that comes while the ping is out clears the suspicion', async () => {
  let now = 0;
  const watchdog: Watchdog = new Watchdog({
    connection: {
      ping: async () => {
        now += 1;
        watchdog.sawFrame();
        return false;
      },
    },
    roomState: async () => 'live',
    suspect_ms: 1_000,
    now: () => now,
  });
  now = 1_000;
  expect(await watchdog.check()).toBe('fine');
});
