import { describe, expect, test } from '@jest/globals';
import { PublishWindow } from '../../devices/publish-window.ts';

function collect(
  window: PublishWindow,
  count: number,
): { started: number[]; releases: (() => void)[]; takeBacks: ((() => void) | null)[] } {
  const all = { started: [] as number[], releases: [] as (() => void)[], takeBacks: [] as ((() => void) | null)[] };
  for (let index = 0; index < count; index += 1) {
    all.takeBacks.push(
      window.enter((release) => {
        all.started.push(index);
        all.releases.push(release);
      }),
    );
  }
  return all;
}

describe('A window of publishes', () => {
  test('starts no more than its limit, and the next ones in order as places come free', () => {
    const { started, releases } = collect(new PublishWindow(2, 10), 5);
    expect(started).toEqual([0, 1]);
    releases[0]!();
    releases[0]!();
    expect(started).toEqual([0, 1, 2]);
    releases[1]!();
    releases[2]!();
    expect(started).toEqual([0, 1, 2, 3, 4]);
  });

  test('refuses who comes when its waiting room is full', () => {
    const { takeBacks } = collect(new PublishWindow(1, 2), 4);
    expect(takeBacks.map((takeBack) => takeBack !== null)).toEqual([true, true, true, false]);
  });

  test('passes over who has left', () => {
    const { started, releases, takeBacks } = collect(new PublishWindow(1, 5), 3);
    takeBacks[1]!();
    releases[0]!();
    expect(started).toEqual([0, 2]);
  });

  test('begins afresh with a new connection: what the old one releases late counts no more', () => {
    const window = new PublishWindow(1, 5);
    const old = collect(window, 2);
    window.reset(1);
    const { started } = collect(window, 2);
    old.releases[0]!();
    expect([old.started, started]).toEqual([[0], [0]]);
  });
});
