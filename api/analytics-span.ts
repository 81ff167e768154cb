import { timeZone, type TimeZone } from '../domain/analytics/time-zone.ts';
import { fieldError } from './errors.ts';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 28;
const MOST_DAYS = 366;

export interface AnalyticsSpan {
  from: Date;
  to: Date;
  zone: TimeZone;
}

/** @throws ApiError (422) that names the parameter at fault */
export function analyticsSpan(query: { from?: Date; to?: Date; time_zone: string }, now: Date): AnalyticsSpan {
  const to = query.to ?? now;
  const from = query.from ?? new Date(to.getTime() - DEFAULT_DAYS * DAY_MS);
  if (from >= to) throw fieldError('from', query.to ? 'must be before to' : 'must be in the past');
  if (to.getTime() - from.getTime() > MOST_DAYS * DAY_MS) throw fieldError(query.from ? 'from' : 'to', `must span at most ${MOST_DAYS} days`);
  const zone = timeZone(query.time_zone);
  if (!zone) throw fieldError('time_zone', 'is no time zone of the IANA database, such as Europe/Berlin');
  return { from, to, zone };
}
