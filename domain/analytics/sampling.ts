const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How often each account's Schedule runs. */
export const SAMPLE_EVERY_MS = 15 * MINUTE;

/** How often a video is sampled while it is younger than `until`, milliseconds; past the last line it never is. */
export const SAMPLING_PLAN: readonly { until: number; every: number }[] = [
  { until: 6 * HOUR, every: SAMPLE_EVERY_MS },
  { until: 2 * DAY, every: HOUR },
  { until: 14 * DAY, every: 6 * HOUR },
  { until: 90 * DAY, every: DAY },
  { until: 365 * DAY, every: 7 * DAY },
];
export const SAMPLED_FOR_MS = 365 * DAY;

/** TikTok leaves out of its answer what is deleted or not public; once may be a hiccup. */
export const MISSES_UNTIL_GONE = 2;

/** When a video that is sampled now is sampled next: often when young, rarely when old. @returns null: never again */
export function nextSampleAt(publishedAt: Date, now: Date): Date | null {
  const age = now.getTime() - publishedAt.getTime();
  const step = SAMPLING_PLAN.find(({ until }) => age < until);
  return step && age + step.every <= SAMPLED_FOR_MS ? new Date(now.getTime() + step.every) : null;
}

/** A round takes what falls due before it is half way to the next one: jitter must not cost a sample. */
export const dueBefore = (now: Date, everyMs: number = SAMPLE_EVERY_MS): Date => new Date(now.getTime() + everyMs / 2);
