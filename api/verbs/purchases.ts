import { z } from 'zod';
import { walletOf } from '../../db/coin-ledger.repository.ts';
import { findPurchase, listPurchases, type PurchaseRow } from '../../db/purchase.repository.ts';
import type { Store } from '../../domain/contracts/purchase.ts';
import { ApiError, fieldError } from '../errors.ts';
import { encodeCursor, idBefore } from '../paging.ts';
import { takePurchase } from '../purchase-intake.ts';
import { waitForRow } from '../wait-for-row.ts';
import { id, PAGE_SIZE, pageCursor, startingPoint, text } from './fields.ts';
import { EXAMPLE_PURCHASE, purchaseView } from './purchase-views.ts';
import { defineVerb, type Verb, type VerbCall } from './verb.ts';
import { textOf } from './views.ts';

/** Longer than any receipt: Apple's signed transactions have about 4,000 characters. */
const MAX_RECEIPT = 20_000;
/** What a person waits for; most purchases are granted by then. */
const WAIT_MS = 3_000;

/** What apps call a store. */
const STORE_NAMES: Readonly<Record<string, Store>> = { apple: 'apple', ios: 'apple', app_store: 'apple', google: 'google', android: 'google', google_play: 'google' };
const storeName = z.coerce
  .string()
  .trim()
  .toLowerCase()
  .refine((name) => name === '' || Object.hasOwn(STORE_NAMES, name), 'must be apple or google')
  .optional();

const purchaseCoin = defineVerb({
  name: 'purchaseCoin',
  summary: 'Gives the coins of a package that was bought in the App Store or at Google Play',
  description:
    'Apple: `receipt` is the transaction’s `jwsRepresentation` (StoreKit 2); `product_id` may be left out. Google: `receipt` (or `purchase_token`) is the purchase token, with its `product_id`. `store` may also be said as `device` or `platform`: `ios`, `android`. ' +
    'When buying, the app gives its user’s id to the store (`appAccountToken`, `setObfuscatedAccountId`): a receipt of another user is refused then. ' +
    'How many coins come is said by the [catalogue](#showcoinpackages) alone. The answer waits up to 3 s for the store; `status` is `granted`, `refused` with a reason, or `pending`: then ask `showPurchase`, or wait for the notification. The same receipt again gives the same purchase, and never coins twice. Finish the transaction in the app once it is `granted`.',
  access: 'user',
  input: z.object({ store: storeName, device: storeName, platform: storeName, product_id: text(200).optional(), receipt: text(MAX_RECEIPT).optional(), purchase_token: text(MAX_RECEIPT).optional() }),
  turns_per_minute: 20,
  example: {
    request: { store: 'google', product_id: 'coins_550', purchase_token: 'bcdefghijklmnopqrstuvwxy.AO-J1OxSandbox' },
    msg: { Purchase: EXAMPLE_PURCHASE, wallet: '550' },
  },
  async run(call, input) {
    const { store, receipt } = receiptOf(input);
    const product_id = input.product_id || null;
    if (store === 'google' && product_id === null) throw fieldError('product_id', 'is needed');
    const taken = await takePurchase(call, { store, receipt, product_id });
    const settled = taken.status !== 'pending' ? taken : await waitForRow(call.deps, WAIT_MS, () => ownPurchase(call, taken.id), ({ status }) => status !== 'pending');
    return answer(call, settled);
  },
});

const showPurchase = defineVerb({
  name: 'showPurchase',
  summary: 'Shows one of the user’s purchases',
  access: 'user',
  input: z.object({ purchase_id: id }),
  turns_per_minute: 120,
  example: { request: { purchase_id: EXAMPLE_PURCHASE.id }, msg: { Purchase: EXAMPLE_PURCHASE, wallet: '550' } },
  run: async (call, { purchase_id }) => answer(call, await ownPurchase(call, purchase_id)),
});

const showPurchases = defineVerb({
  name: 'showPurchases',
  summary: 'The user’s purchases, newest first',
  access: 'user',
  input: z.object({ starting_point: startingPoint, cursor: pageCursor }),
  turns_per_minute: 60,
  example: { request: { starting_point: '0' }, msg: { Purchases: [{ Purchase: EXAMPLE_PURCHASE }], next: '' } },
  async run({ deps: { db }, workspace_id, user }, { starting_point, cursor }) {
    const before = cursor === null ? null : idBefore(cursor)!;
    const rows = await listPurchases(db, { workspace_id, user_id: user.id, before, skip: before === null ? starting_point * PAGE_SIZE : 0, limit: PAGE_SIZE + 1 });
    const shown = rows.slice(0, PAGE_SIZE);
    const last = shown.at(-1);
    return { Purchases: shown.map((row) => ({ Purchase: purchaseView(row) })), next: rows.length > PAGE_SIZE && last ? encodeCursor([last.id]) : '' };
  },
});

type PurchaseCall = Pick<VerbCall, 'deps' | 'workspace_id' | 'user'>;

/** @throws ApiError that names the field */
function receiptOf({ store, device, platform, receipt, purchase_token }: { store?: string; device?: string; platform?: string; receipt?: string; purchase_token?: string }): { store: Store; receipt: string } {
  const name = store || device || platform || (purchase_token ? 'google' : '');
  if (name === '') throw fieldError('store', 'is needed: apple or google');
  const sent = receipt || purchase_token || '';
  if (sent === '') throw fieldError('receipt', 'is needed');
  return { store: STORE_NAMES[name]!, receipt: sent };
}

async function ownPurchase({ deps: { db }, workspace_id, user }: PurchaseCall, purchaseId: string): Promise<PurchaseRow> {
  const row = await findPurchase(db, workspace_id, user.id, purchaseId);
  if (!row) throw new ApiError('not_found', { detail: 'you have no such purchase' });
  return row;
}

async function answer({ deps: { db }, workspace_id, user }: PurchaseCall, row: PurchaseRow) {
  const { balance } = await walletOf(db, workspace_id, user.id);
  return { Purchase: purchaseView(row), wallet: textOf(balance) };
}

export const purchaseVerbs: readonly Verb[] = [purchaseCoin, showPurchase, showPurchases];
