/** A latency of the given share, milliseconds: the smallest that at least `share` of all do not exceed. */
export function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

const milliseconds = (value: number | null): string => (value === null ? '–' : `${value} ms`);

/** What the demo has seen so far. */
export class Tally {
  readonly events = new Map<string, number>();
  readonly fired = new Map<string, number>();
  /** From received_at of the event to the arrival at the MQTT subscriber, milliseconds. */
  readonly latencies: number[] = [];
  restores = 0;
  webhooks = 0;
  notifications = 0;

  event(type: string): void {
    this.events.set(type, (this.events.get(type) ?? 0) + 1);
  }

  get totalEvents(): number {
    return sum(this.events.values());
  }

  get totalFired(): number {
    return sum(this.fired.values());
  }

  latency(share: number): string {
    return milliseconds(percentile(this.latencies.toSorted((a, b) => a - b), share));
  }

  statusLine(secondsLeft: number): string {
    return [
      `events ${this.totalEvents}`,
      `rules fired ${this.totalFired}`,
      `MQTT ${this.latencies.length} (+${this.restores} restored)`,
      `webhooks ${this.webhooks}`,
      `latency p50 ${this.latency(0.5)}, p99 ${this.latency(0.99)}`,
      `${secondsLeft} s left`,
    ].join(' · ');
  }

  summary(): string {
    const list = (counts: ReadonlyMap<string, number>): string => [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
    const rows: [string, string][] = [
      ['Events', `${this.totalEvents}: ${list(this.events)}`],
      ['Rules fired', list(this.fired)],
      ['MQTT messages', `${this.latencies.length} commands, ${this.restores} restores`],
      ['Webhooks', String(this.webhooks)],
      ['Notifications', String(this.notifications)],
      ['Latency', `p50 ${this.latency(0.5)}, p99 ${this.latency(0.99)} from the event's arrival here to the MQTT message at its subscriber`],
    ];
    return rows.map(([name, value]) => `  ${name.padEnd(15)}${value}`).join('\n');
  }
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
