import type { TimeZone } from './time-zone.ts';

export const INTERVALS = ['raw', 'hour', 'day'] as const;
export type Interval = (typeof INTERVALS)[number];

/** Running totals at a time. */
export type Sample<K extends string> = { at: Date } & Record<K, number>;

export interface SeriesPoint<K extends string> {
  /** Where the bucket begins; of a raw series the time of the sample. */
  at: Date;
  /** Time of the sample that the totals are of: the last of the bucket. */
  sampled_at: Date;
  totals: Record<K, number>;
  /** Since the point before; null where there is none to compare with. */
  change: Record<K, number> | null;
}

/**
 * A series of running totals, one point a bucket; buckets without a sample are left out.
 * @param samples by time
 * @param before the last sample before them, which the first change is counted from
 */
export function seriesOf<K extends string>(
  samples: readonly Sample<K>[],
  keys: readonly K[],
  interval: Interval,
  zone: TimeZone,
  before: Sample<K> | null = null,
): SeriesPoint<K>[] {
  const buckets = lastOfEach(samples, interval, zone);
  return buckets.map(({ start, sample }, index) => {
    const previous = index === 0 ? before : buckets[index - 1]!.sample;
    return {
      at: new Date(start),
      sampled_at: sample.at,
      totals: pick(keys, (key) => sample[key]),
      change: previous && pick(keys, (key) => sample[key] - previous[key]),
    };
  });
}

function lastOfEach<K extends string>(samples: readonly Sample<K>[], interval: Interval, zone: TimeZone): { start: number; sample: Sample<K> }[] {
  const buckets: { start: number; sample: Sample<K> }[] = [];
  for (const sample of samples) {
    const time = sample.at.getTime();
    const start = interval === 'raw' ? time : zone.startOf(interval, time);
    if (buckets.at(-1)?.start === start) buckets.pop();
    buckets.push({ start, sample });
  }
  return buckets;
}

const pick = <K extends string>(keys: readonly K[], value: (key: K) => number): Record<K, number> =>
  Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, number>;
