import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { SAMPLING_PLAN } from '../../domain/analytics/sampling.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const words = (ms: number): string => (ms === 365 * DAY ? 'a year' : ms > 2 * DAY - 1 ? `${ms / DAY} days` : `${ms / HOUR} hours`);
const EVERY: Record<number, string> = { [HOUR / 4]: 'every 15 minutes', [HOUR]: 'hourly', [6 * HOUR]: 'every 6 hours', [DAY]: 'daily', [7 * DAY]: 'weekly' };

test('docs/analytics.md states the sampling plan of the code', () => {
  const page = readFileSync(new URL('../../docs/analytics.md', import.meta.url), 'utf8');
  const table = [...page.matchAll(/^\| (?:below|to) (.+) \| (.+) \|$/gm)].map(([, until, every]) => [until, every]);
  expect(table).toEqual(SAMPLING_PLAN.map(({ until, every }) => [words(until), EVERY[every]]));
});
