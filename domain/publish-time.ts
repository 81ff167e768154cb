/** TikTok has no scheduling of its own: what waits here for longer than a season is more likely a slip of the year. */
export const MAX_AHEAD_MS = 90 * 86_400_000;
/** Clocks differ, and a person takes a moment to press the button: so far back still means now. */
const MIN_AHEAD_MS = -60_000;

export type PublishTime = { ok: true; at_ms: number } | { ok: false; field: 'publish_at' | 'time_zone'; message: string };

const ISO = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/;

const refused = (field: 'publish_at' | 'time_zone', message: string): PublishTime => ({ ok: false, field, message });

/**
 * The moment that a person meant: ISO 8601 with an offset, or local time together with an IANA zone. A local time that occurs
 * twice, when clocks go back, is the first of the two; one that never occurs, when they go forward, is refused.
 * @param nowMs epoch milliseconds; the answer lies at most 90 days behind it
 */
export function resolvePublishTime(text: string, timeZone: string | null, nowMs: number): PublishTime {
  if (timeZone !== null && !isTimeZone(timeZone)) return refused('time_zone', 'is not an IANA time zone such as Europe/Berlin');
  const match = ISO.exec(text);
  if (!match) return refused('publish_at', 'must be ISO 8601, such as 2026-12-01T18:30:00+01:00, or 2026-12-01T18:30:00 together with time_zone');
  const [, minutes = '', seconds = ':00', offset] = match;
  const asUtc = Date.parse(`${minutes}${seconds}Z`);
  if (!isRealDate(asUtc, minutes)) return refused('publish_at', 'is no date of the calendar');
  if (offset !== undefined) return within(Date.parse(`${minutes}${seconds}${offset}`), nowMs);
  if (timeZone === null) return refused('time_zone', 'is needed where publish_at has no offset');
  const at = momentsOf(asUtc, timeZone)[0];
  return at === undefined ? refused('publish_at', `does not exist in ${timeZone}: clocks are put forward over it`) : within(at, nowMs);
}

function within(at_ms: number, nowMs: number): PublishTime {
  if (!Number.isFinite(at_ms)) return refused('publish_at', 'has no valid offset');
  if (at_ms < nowMs + MIN_AHEAD_MS) return refused('publish_at', 'is in the past');
  if (at_ms > nowMs + MAX_AHEAD_MS) return refused('publish_at', 'is more than 90 days ahead');
  return { ok: true, at_ms };
}

/** Date.parse takes 30 February for 2 March. */
const isRealDate = (asUtc: number, minutes: string): boolean => Number.isFinite(asUtc) && new Date(asUtc).toISOString().startsWith(minutes);

/** Moments at which the zone's clocks show this local time, the earliest first: one, two, or none. */
function momentsOf(localAsUtc: number, timeZone: string): number[] {
  // No zone is a day from UTC or changes twice in two days: the offsets on either side are all there can be.
  const offsets = new Set([-86_400_000, 0, 86_400_000].map((shift) => offsetAt(localAsUtc + shift, timeZone)));
  const moments = [...offsets].map((offset) => localAsUtc - offset).filter((moment) => moment + offsetAt(moment, timeZone) === localAsUtc);
  return moments.sort((a, b) => a - b);
}

/** Milliseconds by which the zone is ahead of UTC at this moment. */
function offsetAt(moment: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(moment);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return shown - Math.floor(moment / 1_000) * 1_000;
}

function isTimeZone(timeZone: string): boolean {
  // An offset such as +01:00 is a zone to Intl, but knows no summer time.
  if (!/^[A-Za-z]/.test(timeZone)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
    return true;
  } catch {
    return false;
  }
}
