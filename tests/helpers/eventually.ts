import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for a condition instead of a time: calls `probe` until it neither throws nor gives false, null or undefined.
 * @returns what the probe gave
 * @throws the probe's last error, or what was last seen, after `timeoutMs`
 */
export async function eventually<T>(probe: () => T | Promise<T>, { timeoutMs = 20_000, intervalMs = 25 } = {}): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = 'nothing';
  while (Date.now() < deadline) {
    try {
      const value = await probe();
      if (value !== false && value !== null && value !== undefined) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await delay(intervalMs);
  }
  throw last instanceof Error ? last : new Error(`The condition did not come true within ${timeoutMs} ms; last seen: ${String(last)}`);
}
