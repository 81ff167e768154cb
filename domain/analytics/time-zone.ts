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
  const exactOffset = offsetsOf(name);
  if (!exactOffset) return null;
  const offset = rememberingDays(exactOffset);
  const wallClock = (time: number): number => time + offset(time);
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

type Offset = (time: number) => number;

/** By how much the clock on the wall is ahead of UTC. */
function offsetsOf(name: string): Offset | null {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
  } catch {
    return null;
  }
  return (time) => {
    const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)])) as Record<string, number>;
    const shown = Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second);
    return shown - (time - modulo(time, 1_000));
  };
}

/** Formatting a date takes some 20 µs: asked once for each day, save for the days on which the clock is changed. */
function rememberingDays(exact: Offset): Offset {
  const days = new Map<number, number | null>();
  const ofDay = (day: number): number | null => {
    const [start, end] = [exact(day * DAY), exact((day + 1) * DAY)];
    return start === end ? start : null;
  };
  return (time) => {
    const day = Math.floor(time / DAY);
    let known = days.get(day);
    if (known === undefined) days.set(day, (known = ofDay(day)));
    return known ?? exact(time);
  };
}

const modulo = (value: number, divisor: number): number => ((value % divisor) + divisor) % divisor;
