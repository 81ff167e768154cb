import { Gauge, type Registry } from 'prom-client';
import type { Db } from '../../db/client.ts';
import { measureUnseenGifts } from '../../db/gift.repository.ts';
import { measureTogether } from '../measure-together.ts';

/** Further than this nobody counts. */
const MOST = 10_000;

/** Gifts that rules have not seen; asked of the database whenever Prometheus asks. */
export function addGiftMetrics(registry: Registry, db: Db): void {
  const collect = measureTogether(async () => {
    try {
      const { waiting: count, oldest_s } = await measureUnseenGifts(db, MOST);
      waiting.set(count);
      age.set(oldest_s);
    } catch {
      // Nothing is better than an old number that looks true.
      waiting.set(Number.NaN);
      age.set(Number.NaN);
    }
  });
  const common = { registers: [registry], collect };
  const age = new Gauge({ ...common, name: 'showrunner_gifts_oldest_seconds', help: 'Age of the oldest gift that rules have not seen; 0: there is none.' });
  const waiting = new Gauge({ ...common, name: 'showrunner_gifts_waiting', help: `Gifts that rules have not seen, at most ${MOST}.` });
}
