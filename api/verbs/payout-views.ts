import type { PayoutRow } from '../../db/payout.repository.ts';
import { textOf, timeOf } from './views.ts';

/** `Payout` of the contract. */
export const payoutView = (row: PayoutRow) => ({
  id: row.id,
  coins: textOf(row.coins),
  amount: textOf(row.amount_minor),
  currency: row.currency,
  destination: row.destination_hint,
  status: row.status,
  reason: row.status_reason ?? '',
  payment_reference: row.payment_reference ?? '',
  held_until: timeOf(row.hold_until),
  created: timeOf(row.created_at),
  decided: timeOf(row.decided_at),
});

export const EXAMPLE_PAYOUT: ReturnType<typeof payoutView> = {
  id: '0190a1b2-0000-7000-8000-0000000000d1',
  coins: '2000',
  amount: '1000',
  currency: 'USD',
  destination: 'IBAN DE…3000',
  status: 'held',
  reason: '',
  payment_reference: '',
  held_until: '2026-03-21 18:00:00',
  created: '2026-03-14 18:00:00',
  decided: '',
};
