import { describe, expect, test } from '@jest/globals';
import { createHandOver } from '../../activities/actions/hand-over.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';

const NEVER_AGAIN_MS = 60_000;

describe('Handing over to Temporal', () => {
  test('happens at once for the first request, and once for all that follow closely', async () => {
    const started: number[] = [];
    const handOver = createHandOver<number>({ start: async (payload) => void started.push(payload), logger: quietLog, intervalMs: 30 });
    for (let index = 0; index < 100; index += 1) handOver.request('target', index);
    expect(started).toEqual([0]);
    await eventually(() => started.length === 2);
    expect(started).toEqual([0, 99]);
    handOver.close();
  });

  test('of one key does not wait for another', () => {
    const started: string[] = [];
    const handOver = createHandOver<string>({
      start: async (payload) => void started.push(payload),
      logger: quietLog,
      intervalMs: NEVER_AGAIN_MS,
    });
    for (const key of ['a', 'b', 'a', 'c']) handOver.request(key, key);
    expect(started).toEqual(['a', 'b', 'c']);
    handOver.close();
  });

  test('is repeated until it succeeds', async () => {
    let calls = 0;
    const start = async (): Promise<void> => {
      calls += 1;
      if (calls < 4) throw new Error('Temporal is gone');
    };
    const handOver = createHandOver<null>({ start, logger: quietLog, intervalMs: 1, longestMs: 5 });
    handOver.request('target', null);
    await eventually(() => calls === 4);
    handOver.close();
  });

  test('keeps no more keys than it may', () => {
    const started: string[] = [];
    const handOver = createHandOver<string>({
      start: async (key) => void started.push(key),
      logger: quietLog,
      intervalMs: NEVER_AGAIN_MS,
      maxKeys: 2,
    });
    for (const key of ['a', 'b', 'c']) handOver.request(key, key);
    expect(started).toEqual(['a', 'b']);
    handOver.close();
  });
});
