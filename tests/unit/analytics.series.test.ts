import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { seriesOf } from '../../domain/analytics/series.ts';
import { timeZone, type TimeZone } from '../../domain/analytics/time-zone.ts';

const HOUR = 3_600_000;
const zoneOf = (name: string): TimeZone => timeZone(name)!;
const at = (iso: string, views: number) => ({ at: new Date(iso), view_count: views });
const iso = (time: number): string => new Date(time).toISOString();

describe('A time zone', () => {
  test.each(['Mars/Olympus', '', 'Europe', 'UTC+99'])('that does not exist is none: %j', (name) => {
    expect(timeZone(name)).toBeNull();
  });

  test.each([
    ['UTC', '2026-03-29T12:34:56.789Z', '2026-03-29T00:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T22:59:59Z', '2026-10-24T22:00:00.000Z'],
    ['America/Los_Angeles', '2026-11-01T20:00:00Z', '2026-11-01T07:00:00.000Z'],
    // The clock goes from 0:00 to 1:00: the day begins at 1:00.
    ['Africa/Cairo', '2026-04-24T12:00:00Z', '2026-04-23T22:00:00.000Z'],
    // The clock goes from 1:00 back to 0:00: the day begins with the first midnight.
    ['America/Havana', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00.000Z'],
    ['Asia/Kolkata', '2026-06-01T18:29:59Z', '2026-05-31T18:30:00.000Z'],
  ])('%s has the day of %s begin at %s', (name, time, start) => {
    expect(iso(zoneOf(name).startOf('day', Date.parse(time)))).toBe(start);
  });

  test('has hours of its own where it is half an hour off', () => {
    expect(iso(zoneOf('Asia/Kolkata').startOf('hour', Date.parse('2026-06-01T12:29:59Z')))).toBe('2026-06-01T11:30:00.000Z');
    expect(zoneOf('Asia/Kolkata').hourAt(Date.parse('2026-06-01T12:29:59Z'))).toBe(17);
    expect(zoneOf('Europe/Berlin').hourAt(Date.parse('2026-12-31T23:00:00Z'))).toBe(0);
  });

  test('begins each day at or before its times, once, and within 25 hours', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/Havana', 'Africa/Cairo', 'Asia/Kolkata', 'Pacific/Apia', 'America/St_Johns', 'Australia/Lord_Howe'];
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: Date.parse('2005-01-01'), max: Date.parse('2035-01-01') }), (name, time) => {
        const zone = zoneOf(name);
        const start = zone.startOf('day', time);
        expect(start).toBeLessThanOrEqual(time);
        expect(time - start).toBeLessThan(25 * HOUR);
        expect(zone.startOf('day', start)).toBe(start);
        expect(zone.startOf('day', start - 1)).toBeLessThan(start);
      }),
      { numRuns: 500 },
    );
  });
});

describe('A series', () => {
  const samples = [at('2026-01-01T00:10:00Z', 10), at('2026-01-01T00:50:00Z', 15), at('2026-01-01T03:00:00Z', 40), at('2026-01-02T01:00:00Z', 35)];

  test('keeps the last sample of each hour, and says what has changed since the one before', () => {
    expect(seriesOf(samples, ['view_count'], 'hour', zoneOf('UTC'))).toEqual([
      { at: new Date('2026-01-01T00:00:00Z'), sampled_at: new Date('2026-01-01T00:50:00Z'), totals: { view_count: 15 }, change: null },
      { at: new Date('2026-01-01T03:00:00Z'), sampled_at: new Date('2026-01-01T03:00:00Z'), totals: { view_count: 40 }, change: { view_count: 25 } },
      { at: new Date('2026-01-02T01:00:00Z'), sampled_at: new Date('2026-01-02T01:00:00Z'), totals: { view_count: 35 }, change: { view_count: -5 } },
    ]);
  });

  test('has the days of its time zone', () => {
    const days = (name: string): string[] => seriesOf(samples, ['view_count'], 'day', zoneOf(name)).map((point) => point.at.toISOString());
    expect(days('UTC')).toEqual(['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z']);
    expect(days('America/New_York')).toEqual(['2025-12-31T05:00:00.000Z', '2026-01-01T05:00:00.000Z']);
  });

  test('counts its first change from the sample before it', () => {
    const [first] = seriesOf(samples, ['view_count'], 'day', zoneOf('UTC'), at('2025-12-01T00:00:00Z', 3));
    expect(first?.change).toEqual({ view_count: 37 });
  });

  test('has changes that add up to the whole, whatever the interval', () => {
    const numbers = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 * HOUR }), fc.integer({ min: -50, max: 1_000 })), { maxLength: 60 });
    fc.assert(
      fc.property(numbers, fc.constantFrom('raw', 'hour', 'day'), fc.constantFrom('UTC', 'America/Havana'), (steps, interval, name) => {
        let [time, views] = [Date.parse('2026-10-25T00:00:00Z'), 0];
        const list = steps.map(([wait, more]) => ({ at: new Date((time += wait)), view_count: (views += more) }));
        const points = seriesOf(list, ['view_count'], interval, zoneOf(name), at('2026-10-01T00:00:00Z', 0));
        expect(points.reduce((sum, { change }) => sum + change!.view_count, 0)).toBe(views);
        const starts = points.map((point) => point.at.getTime());
        expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
        if (interval === 'raw') expect(points).toHaveLength(list.length);
      }),
    );
  });
});
