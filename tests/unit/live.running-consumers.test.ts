import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { RunningConsumers } from '../../activities/live/running-consumers.ts';
import type { ConsumeLivestreamInput } from '../../domain/contracts/livestream.ts';

const INPUT = { livestream_id: 'a-livestream' } as ConsumeLivestreamInput;
beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function consumers() {
  const runs: AbortSignal[] = [];
  const all = new RunningConsumers((_input, _onProgress, signal) => {
    runs.push(signal);
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null)));
  });
  return { all, runs };
}

test('A consumer that nobody holds any more ends after a while', async () => {
  const { all, runs } = consumers();
  all.take(INPUT).leave();
  await jest.advanceTimersByTimeAsync(60_000);
  expect([runs[0]!.aborted, all.size]).toEqual([true, 0]);
});

test('An attempt that learns late that it was given up does not end what the next one holds', async () => {
  const { all, runs } = consumers();
  const first = all.take(INPUT);
  const second = all.take(INPUT);
  first.leave();
  await jest.advanceTimersByTimeAsync(120_000);
  expect([runs.length, runs[0]!.aborted]).toEqual([1, false]);
  second.leave();
  await jest.advanceTimersByTimeAsync(59_000);
  all.take(INPUT);
  await jest.advanceTimersByTimeAsync(120_000);
  expect([runs.length, runs[0]!.aborted]).toEqual([1, false]);
});
