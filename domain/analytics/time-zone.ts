const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A time zone's calendar. Times are milliseconds since 1970. */
export interface TimeZone {
  readonly name: string;
  /** 0 to 23, by the wall clock. */
  hourAt(time: number): number;
  /** When the hour or day began that `time` lies in. */
  startOf(unit: 'hour' | 'day', time: number): number;
}

/** @returns null where there is no such zone; names are IANA's, such as Europe/Berlin */
export function timeZone(name: string): TimeZone | null {
  const wallClock = wallClockOf(name);
  if (!wallClock) return null;
  const offset = (time: number): number => wallClock(time) - time;
  const dayOf = (time: number): number => Math.floor(wallClock(time) / DAY);
  const dayStart = (time: number): number => {
    const day = dayOf(time);
    // Where the clock is changed at midnight, the day begins by the old offset or by the new one: at the earlier that is this day.
    const starts = [offset((day - 1) * DAY), offset((day + 1) * DAY)].map((shift) => day * DAY - shift);
    return Math.min(...starts.filter((start) => dayOf(start) === day));
  };
  return {
    name,
    hourAt: (time) => new Date(wallClock(time)).getUTCHours(),
    startOf: (unit, time) => (unit === 'day' ? dayStart(time) : time - modulo(wallClock(time), HOUR)),
  };
}

/** What a clock on the wall shows, as if it were UTC. */
function wallClockOf(name: string): ((time: number) => number) | null {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, hourCycle: 'h23', era: 'short', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
  } catch {
    return null;
  }
  return (time) => {
    const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
    const part = (type: string): number => Number(parts[type]);
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) + modulo(time, 1_000);
  };
}

const modulo = (value: number, divisor: number): number => ((value % divisor) + divisor) % divisor;
