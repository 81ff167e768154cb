import { z } from '@hono/zod-openapi';
import type { CoinPackage, Gift } from '../../db/coin-catalogue.repository.ts';
import type { LedgerCheck } from '../../db/ledger-check.repository.ts';
import type { LedgerFault } from '../../domain/contracts/coin.ts';
import { EXAMPLE_ID, EXAMPLE_TIME, id, timestamp } from './common.ts';

/** Far more than a gift may cost, and a thousand of them still fit a wallet. */
const MAX_PRICE = 1_000_000;

const name = z.string().trim().min(1).max(60).openapi({ example: 'Rose' });
const image = z
  .union([z.literal(''), z.url({ protocol: /^https$/, error: 'must be an https address' }).max(1_000)])
  .openapi({ example: 'https://cdn.example.com/rose.png', description: 'Where apps find its picture; empty: they have one of their own.' });
const isActive = z.boolean().openapi({ description: 'false: taken out of the catalogue. What was given or bought stays.' });
const price = z.int().min(1).max(MAX_PRICE).openapi({ example: 10, description: 'Coins that one costs.' });

const editableGift = z.strictObject({ name, coins: price, image });
export const newGift = editableGift.extend({ image: image.default('') }).openapi('NewGift');
/** Absent: unchanged. */
export const giftChange = editableGift
  .extend({ is_active: isActive })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { error: 'names nothing to change' })
  .openapi('GiftChange');

const common = { id, is_active: isActive, created_at: timestamp, updated_at: timestamp };
export const giftSchema = editableGift.extend(common).openapi('CatalogueGift');

const product = (store: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,150}$/, 'must be letters, digits, dots, underscores and hyphens')
    .nullable()
    .openapi({ example: 'coins_100', description: `Id of the product at ${store}; null: it is not sold there.` });

const editablePackage = z.strictObject({
  name: name.openapi({ example: '100 coins' }),
  coins: z.int().min(1).max(100_000_000).openapi({ example: 100, description: 'Coins that the buyer gets.' }),
  price_minor: z.int().min(1).max(100_000_000).openapi({ example: 99, description: 'What the store asks for it, in minor units; for people, the store decides.' }),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a code of ISO 4217, such as USD').openapi({ example: 'USD' }),
  apple_product_id: product('Apple'),
  google_product_id: product('Google'),
});
export const newCoinPackage = editablePackage
  .extend({ apple_product_id: editablePackage.shape.apple_product_id.default(null), google_product_id: editablePackage.shape.google_product_id.default(null) })
  .openapi('NewCoinPackage');
export const coinPackageChange = editablePackage
  .extend({ is_active: isActive })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { error: 'names nothing to change' })
  .openapi('CoinPackageChange');
export const coinPackageSchema = editablePackage.extend(common).openapi('CoinPackage');

export const newGrant = z
  .strictObject({
    coins: z.int().min(1).max(MAX_PRICE).openapi({ example: 500 }),
    request_id: z.string().regex(/^[\w.:-]{8,100}$/, 'must be 8 to 100 letters, digits, or . _ : -').openapi({ example: 'ticket-48213', description: 'Yours: the same one gives once.' }),
    reason: z.string().trim().min(1).max(300).openapi({ example: 'Ticket 48213: bought twice by mistake' }),
  })
  .openapi('NewCoinGrant');
export const grantSchema = z
  .object({
    id,
    user_id: z.uuid().openapi({ example: EXAMPLE_ID }),
    coins: z.int(),
    request_id: z.string(),
    reason: z.string(),
    granted_by: z.uuid().nullable().openapi({ example: EXAMPLE_ID }),
    created_at: timestamp,
    balance: z.int().openapi({ example: 620, description: 'Of the wallet, now.' }),
  })
  .openapi('CoinGrant');

const faultSchema = z.object({
  kind: z.string().openapi({ example: 'balance_differs' }),
  id: z.string().nullable().openapi({ example: EXAMPLE_ID, description: 'Of the movement, the account, or the app’s workspace.' }),
  expected: z.number(),
  found: z.number(),
});
export const ledgerCheckSchema = z
  .object({
    id,
    checked_at: z.string().openapi({ format: 'date-time', example: EXAMPLE_TIME }),
    is_sound: z.boolean().openapi({ description: 'All coins add up.' }),
    accounts: z.int().openapi({ example: 4_812, description: 'Accounts that were looked at.' }),
    movements: z.int().openapi({ example: 90_233 }),
    faults: z.array(faultSchema).openapi({ description: 'What does not add up, at most 100 of them.' }),
  })
  .openapi('LedgerCheck');

const iso = ({ created_at, updated_at }: { created_at: Date; updated_at: Date }) => ({ created_at: created_at.toISOString(), updated_at: updated_at.toISOString() });

export const toGift = ({ workspace_id: _workspace, ...gift }: Gift): z.infer<typeof giftSchema> => ({ ...gift, ...iso(gift) });
export const toCoinPackage = ({ workspace_id: _workspace, ...one }: CoinPackage): z.infer<typeof coinPackageSchema> => ({ ...one, ...iso(one) });
export const toLedgerCheck = ({ checked_at, faults, ...check }: LedgerCheck): z.infer<typeof ledgerCheckSchema> => ({ ...check, checked_at: checked_at.toISOString(), faults: faults as LedgerFault[] });
