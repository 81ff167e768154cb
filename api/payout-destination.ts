import { z } from 'zod';
import type { PayoutDestination } from '../domain/contracts/payout.ts';
import { isIban } from '../domain/social/payout.ts';
import { ApiError } from './errors.ts';
import { faultsOf, validationError } from './validation.ts';

const name = z.string().trim().min(2, 'is needed').max(140);
const compact = (value: string): string => value.replaceAll(/[\s-]/g, '').toUpperCase();

const destination = z.discriminatedUnion('method', [
  z.object({
    method: z.literal('bank_transfer'),
    account_holder: name,
    iban: z.string().max(50).transform(compact).refine(isIban, 'is not an IBAN'),
    bic: z
      .string()
      .max(20)
      .transform(compact)
      .refine((bic) => /^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$/.test(bic), 'is not a BIC')
      .nullish()
      .transform((bic) => bic ?? null),
  }),
  z.object({
    method: z.literal('bank_account'),
    account_holder: name,
    account_number: z.string().transform(compact).refine((number) => /^[A-Z0-9]{4,34}$/.test(number), 'must be 4 to 34 letters and digits'),
    bank_code: z.string().transform(compact).refine((code) => /^[A-Z0-9]{3,20}$/.test(code), 'must be 3 to 20 letters and digits'),
    country: z.string().trim().toUpperCase().regex(/^[A-Z]{2}$/, 'must be a country of two letters'),
  }),
  z.object({ method: z.literal('paypal'), email: z.email('must be an e-mail address').max(254) }),
]) satisfies z.ZodType<PayoutDestination>;

/** Forms send objects as JSON. @throws ApiError that names the field */
export function parseDestination(given: unknown): PayoutDestination {
  const parsed = destination.safeParse(typeof given === 'string' ? fromJson(given) : given);
  if (!parsed.success) throw validationError(faultsOf(parsed.error, 'body').map(({ field, message }) => ({ field: field === 'body' ? 'destination' : `destination.${field}`, message })));
  return parsed.data;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ApiError('validation_failed', { errors: [{ field: 'destination', message: 'must be an object, or JSON' }] }, { cause: error });
  }
}
