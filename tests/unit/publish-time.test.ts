import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_AHEAD_MS, resolvePublishTime } from '../../domain/publish-time.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const utc = (text: string, zone: string | null, now = NOW): string | undefined => {
  const answer = resolvePublishTime(text, zone, now);
  return answer.ok ? new Date(answer.at_ms).toISOString() : undefined;
};
const fault = (text: string, zone: string | null, now = NOW) => {
  const answer = resolvePublishTime(text, zone, now);
  return answer.ok ? null : `${answer.field} ${answer.message}`;
};

describe('a time with an offset', () => {
  test('is that moment, whatever the zone', () => {
    expect(utc('2026-03-02T10:00:00+01:00', null)).toBe('2026-03-02T09:00:00.000Z');
    expect(utc('2026-03-02T10:00Z', 'America/New_York')).toBe('2026-03-02T10:00:00.000Z');
    expect(utc('2026-03-02T10:00:00.250-11:30', null)).toBe('2026-03-02T21:30:00.250Z');
  });
});

describe('a local time in a zone', () => {
  test.each([
    ['2026-03-28T18:30:00', 'Europe/Berlin', '2026-03-28T17:30:00.000Z'],
    ['2026-03-29T18:30:00', 'Europe/Berlin', '2026-03-29T16:30:00.000Z'],
    ['2026-03-29T03:00', 'Europe/Berlin', '2026-03-29T01:00:00.000Z'],
    ['2026-03-29T01:59:59', 'Europe/Berlin', '2026-03-29T00:59:59.000Z'],
    ['2026-03-08T03:00', 'America/New_York', '2026-03-08T07:00:00.000Z'],
    ['2026-04-05T00:00', 'Pacific/Kiritimati', '2026-04-04T10:00:00.000Z'],
    ['2026-03-02T05:45', 'Asia/Kathmandu', '2026-03-02T00:00:00.000Z'],
  ])('%s %s is %s', (text, zone, moment) => {
    expect(utc(text, zone)).toBe(moment);
  });

  test('that clocks jump over is refused', () => {
    expect(fault('2026-03-29T02:30:00', 'Europe/Berlin')).toBe('publish_at does not exist in Europe/Berlin: clocks are put forward over it');
    expect(fault('2026-03-08T02:00', 'America/New_York')).toMatch('does not exist');
    // Lord Howe Island moves by half an hour only.
    const october = Date.parse('2026-09-20T00:00:00Z');
    expect(fault('2026-10-04T02:15', 'Australia/Lord_Howe', october)).toMatch('does not exist');
    expect(utc('2026-10-04T02:30', 'Australia/Lord_Howe', october)).toBe('2026-10-03T15:30:00.000Z');
  });

  test('that occurs twice is the first of the two', () => {
    const october = Date.parse('2026-10-20T00:00:00Z');
    expect(utc('2026-10-25T02:30', 'Europe/Berlin', october)).toBe('2026-10-25T00:30:00.000Z');
  });

  test('shown by the zone’s clocks is what was asked for, at any moment of any zone', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 89 * 86_400 }), fc.integer({ min: 2000, max: 2037 }), (zone, seconds, year) => {
        const now = Date.UTC(year, 2, 1);
        const moment = now + seconds * 1_000;
        const local = new Date(moment).toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T');
        const answer = resolvePublishTime(local, zone, now);
        if (!answer.ok) throw new Error(`${local} ${zone}: ${answer.message}`);
        expect(new Date(answer.at_ms).toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T')).toBe(local);
        expect(answer.at_ms).toBeLessThanOrEqual(moment);
      }),
      { numRuns: 500 },
    );
  });
});

describe('refused is', () => {
  test.each([
    ['2026-03-02T10:00', null, 'time_zone is needed where publish_at has no offset'],
    ['2026-03-02T10:00', 'Mars/Olympus', 'time_zone is not an IANA time zone such as Europe/Berlin'],
    ['2026-03-02T10:00', '+01:00', 'time_zone is not an IANA time zone such as Europe/Berlin'],
    ['2026-02-30T10:00Z', null, 'publish_at is no date of the calendar'],
    ['2026-03-02T24:00Z', null, 'publish_at is no date of the calendar'],
    ['2026-03-02T10:61Z', null, 'publish_at is no date of the calendar'],
    ['2026-03-02T10:00+99:00', null, 'publish_at has no valid offset'],
    ['2026-03-01T11:58:00Z', null, 'publish_at is in the past'],
  ])('%s %s: %s', (text, zone, message) => {
    expect(fault(text, zone)).toBe(message);
  });

  test.each(['tomorrow', '', '2026-03-02', '2026-03-02 10:00', '1772445600', '2026-03-02T10:00:00,5Z'])('%j, which is no ISO 8601 time', (text) => {
    expect(fault(text, 'Europe/Berlin')).toMatch('must be ISO 8601');
  });

  test('more than 90 days ahead, and not a millisecond less', () => {
    expect(fault(new Date(NOW + MAX_AHEAD_MS).toISOString(), null)).toBeNull();
    expect(fault(new Date(NOW + MAX_AHEAD_MS + 1).toISOString(), null)).toBe('publish_at is more than 90 days ahead');
  });
});
