import { Gauge, type Registry } from 'prom-client';
import type { Db } from '../../db/client.ts';
import { lastLedgerCheck } from '../../db/ledger-check.repository.ts';
import { measureTogether } from '../measure-together.ts';

/** What the last check of the ledger said, whichever worker did it; asked of the database whenever Prometheus asks. */
export function addLedgerMetrics(registry: Registry, db: Db): void {
  const collect = measureTogether(async () => {
    const check = await lastLedgerCheck(db).catch(() => undefined);
    // Not known is neither 0 nor 1.
    sound.set(check === undefined ? Number.NaN : Number(check.is_sound));
    age.set(check?.age_s ?? Number.NaN);
  });
  const common = { registers: [registry], collect };
  const sound = new Gauge({ ...common, name: 'showrunner_ledger_sound', help: '1: at the last check all coins added up. 0: they did not. NaN: there was no check yet.' });
  const age = new Gauge({ ...common, name: 'showrunner_ledger_check_age_seconds', help: 'How long ago the last check of the ledger was.' });
}
