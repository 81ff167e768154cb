import { z } from '@hono/zod-openapi';
import type { PayoutRow } from '../../db/payout.repository.ts';
import { PAYOUT_DECISIONS, PAYOUT_STATUSES, type PayoutDestination } from '../../domain/contracts/payout.ts';
import { id, timestamp } from './common.ts';

/** null: nothing is said. */
const words = (max: number, example: string) => z.string().trim().min(1).max(max).nullable().default(null).openapi({ example });

export const payoutDecision = z
  .strictObject({
    decision: z.enum(PAYOUT_DECISIONS).openapi({ description: 'approve: it is on its way. paid: the money has arrived, approved before or not. reject, failed: the coins go back.' }),
    reason: words(500, 'The account holder’s name differs.').openapi({ description: 'For the user; needed with reject and failed.' }),
    payment_reference: words(200, 'SEPA-2026-0314-17').openapi({ description: 'What the bank calls it.' }),
  })
  .refine(({ decision, reason }) => reason !== null || decision === 'approve' || decision === 'paid', { path: ['reason'], error: 'is needed where the coins go back: the user reads it' })
  .openapi('PayoutDecision');

export const payoutSchema = z
  .object({
    id,
    user_id: id,
    username: z.string().nullable().openapi({ example: 'ada', description: 'null: not known here.' }),
    coins: z.int().openapi({ example: 2_000 }),
    amount_minor: z.int().openapi({ example: 1_000, description: 'In minor units of the currency.' }),
    currency: z.string().openapi({ example: 'USD' }),
    destination_hint: z.string().openapi({ example: 'IBAN DE…3000' }),
    status: z.enum(PAYOUT_STATUSES),
    status_reason: z.string().nullable().openapi({ example: null }),
    hold_until: timestamp,
    decided_by: id.nullable(),
    decided_at: timestamp.nullable(),
    payment_reference: z.string().nullable().openapi({ example: null }),
    created_at: timestamp,
  })
  .openapi('Payout');

export const payoutDetailSchema = payoutSchema
  .extend({
    destination: z.record(z.string(), z.string().nullable()).openapi({ example: { method: 'bank_transfer', account_holder: 'Ada Lovelace', iban: 'DE89370400440532013000', bic: null }, description: 'Where it is paid to, in full.' }),
  })
  .openapi('PayoutDetail');

export const toPayoutView = (row: PayoutRow & { username: string | null }) => ({
  id: row.id,
  user_id: row.user_id,
  username: row.username,
  coins: row.coins,
  amount_minor: row.amount_minor,
  currency: row.currency,
  destination_hint: row.destination_hint,
  status: row.status,
  status_reason: row.status_reason,
  hold_until: row.hold_until.toISOString(),
  decided_by: row.decided_by,
  decided_at: row.decided_at?.toISOString() ?? null,
  payment_reference: row.payment_reference,
  created_at: row.created_at.toISOString(),
});

export const toPayoutDetail = (row: PayoutRow & { username: string | null }, destination: PayoutDestination) => ({ ...toPayoutView(row), destination: { ...destination } });
