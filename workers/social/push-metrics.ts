import { Counter, Gauge, type Registry } from 'prom-client';
import type { PushOutcome } from '../../activities/social/push/push-one.ts';
import type { Db } from '../../db/client.ts';
import { measurePushes } from '../../db/push-queue.repository.ts';
import { measureTogether } from '../measure-together.ts';

/** @returns counts one outcome */
export function addPushMetrics(registry: Registry, db: Db): (outcome: PushOutcome) => void {
  const registers = [registry];
  const pushes = new Counter({ name: 'showrunner_pushes_total', help: 'Push messages by outcome: one for each device and attempt; not_needed and given_up, one for each notification.', labelNames: ['outcome'] as const, registers });
  const collect = measureTogether(async () => {
    try {
      const measured = await measurePushes(db);
      waiting.set(measured.waiting);
      age.set(measured.oldest_s);
    } catch {
      // Nothing is better than an old number that looks true.
      waiting.reset();
      age.reset();
    }
  });
  const waiting = new Gauge({ name: 'showrunner_pushes_waiting', help: 'Notifications that are still to be pushed.', registers, collect });
  const age = new Gauge({ name: 'showrunner_pushes_oldest_seconds', help: 'Age of the oldest notification that is still to be pushed; 0: there is none.', registers, collect });
  return (outcome) => pushes.inc({ outcome });
}
