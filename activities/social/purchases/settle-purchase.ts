import type { Kysely } from 'kysely';
import { notifyAppUser } from '../../../db/app-notification.repository.ts';
import { appAccount, moveCoins, walletOf } from '../../../db/coin-ledger.repository.ts';
import { lockAppUser } from '../../../db/app-user-lock.repository.ts';
import { lockBalance } from '../../../db/coin-lock.repository.ts';
import { changePurchase, lockPurchase, type LockedPurchase } from '../../../db/purchase.repository.ts';
import type { Database } from '../../../db/schema.ts';
import type { Coins, Movement } from '../../../domain/contracts/coin.ts';
import type { PurchaseRef, ReceiptFault, SettledPurchase, StoreAnswer, VerifyPurchaseActivities } from '../../../domain/contracts/purchase.ts';
import { ERRORS } from '../../../domain/errors.ts';
import { movement, purchaseMovement } from '../../../domain/social/ledger.ts';
import { adjustment, decidePurchase } from '../../../domain/social/purchase.ts';
import type { PurchaseDeps } from './purchase-deps.ts';

type Trx = Kysely<Database>;

/** Does what a store's answer asks for, in one transaction with the row that says so: a second time nothing is left to do. */
export function createSettlePurchase({ db, logger }: Pick<PurchaseDeps, 'db' | 'logger'>): Pick<VerifyPurchaseActivities, 'settlePurchase'> {
  return {
    async settlePurchase({ purchase_id, workspace_id, answer, is_last }) {
      const ref = { purchase_id, workspace_id };
      const settled = await db.transaction().execute((trx) => settle(trx, ref, answer, is_last));
      logger.info({ ...ref, ...settled, answer: answer.kind }, 'a purchase was settled');
      return settled;
    },
  };
}

async function settle(trx: Trx, ref: PurchaseRef, answer: StoreAnswer, isLast: boolean): Promise<SettledPurchase> {
  const before = await lockPurchase(trx, ref.workspace_id, ref.purchase_id);
  if (!before) return { status: 'refused', next: 'done' };
  const userIsThere = await lockAppUser(trx, before.workspace_id, before.user_id);
  const decision = decidePurchase(before, answer, before.package_coins, userIsThere);
  if (decision.kind === 'wait' && !isLast) return { status: before.status, next: 'wait' };
  if (decision.kind === 'wait') return refuse(trx, before, 'receipt_unpaid', 'It was not paid in time.');
  if (decision.kind === 'refuse') return refuse(trx, before, decision.code, decision.reason);
  let purchase = before;
  // Then two movements follow, and the second one's accounts are locked before the first: see moveCoins.
  if (decision.kind === 'grant' && answer.kind === 'bought' && answer.refunded > 0) await lockAccounts(trx, before);
  if (decision.kind === 'grant') purchase = await grant(trx, before, decision.coins, answer.kind === 'bought' && answer.is_test);
  // Part of it may be refunded already.
  const next = decidePurchase(purchase, answer, purchase.package_coins, userIsThere);
  if (next.kind === 'adjust') purchase = await adjust(trx, purchase, next.taken_back, userIsThere);
  return { status: purchase.status, next: purchase.status === 'granted' && purchase.store === 'google' ? 'finish' : 'done' };
}

async function refuse(trx: Trx, { workspace_id, id }: LockedPurchase, code: ReceiptFault, reason: string): Promise<SettledPurchase> {
  await changePurchase(trx, workspace_id, id, { status: 'refused', status_code: code, status_reason: `${ERRORS[code].message} (${reason})` });
  return { status: 'refused', next: 'done' };
}

async function grant(trx: Trx, purchase: LockedPurchase, coins: Coins, isTest: boolean): Promise<LockedPurchase> {
  const { workspace_id, id, user_id } = purchase;
  const [wallet, store] = [await walletOf(trx, workspace_id, user_id), await appAccount(trx, workspace_id, 'store')];
  await moved(trx, purchaseMovement({ workspace_id, purchase_id: id, store, wallet: wallet.account_id, coins }));
  const change = { status: 'granted', coins, is_test: isTest, status_code: null, status_reason: null, granted_at: new Date() } as const;
  await changePurchase(trx, workspace_id, id, change);
  await tell(trx, purchase, `${coins} coins were added to your wallet.`, 'granted');
  return { ...purchase, ...change };
}

/** All that a purchase and its refund move coins of, locked. */
async function lockAccounts(trx: Trx, { workspace_id, user_id }: LockedPurchase): Promise<{ wallet: string; house: string; store: string; balance: Coins }> {
  const [{ account_id: wallet }, house, store] = [await walletOf(trx, workspace_id, user_id), await appAccount(trx, workspace_id, 'house'), await appAccount(trx, workspace_id, 'store')];
  return { wallet, house, store, balance: await lockBalance(trx, workspace_id, [wallet, house, store], wallet) };
}

/** Takes back until `takenBack` is taken in all, or gives again where a refund was reversed. */
async function adjust(trx: Trx, purchase: LockedPurchase, takenBack: Coins, userIsThere: boolean): Promise<LockedPurchase> {
  const { workspace_id, id, coins, adjustments } = purchase;
  const change = takenBack - purchase.taken_back;
  const { wallet, house, store, balance } = await lockAccounts(trx, purchase);
  const parts = adjustment(change, balance, purchase.shortfall);
  // Whoever has deleted their account gets nothing again.
  const [toWallet, toHouse] = userIsThere || parts.wallet < 0 ? [parts.wallet, parts.house] : [0, parts.house + parts.wallet];
  const entries = [
    { account_id: wallet, amount: toWallet },
    { account_id: house, amount: toHouse },
    { account_id: store, amount: parts.store },
  ].filter(({ amount }) => amount !== 0);
  await moved(trx, movement(workspace_id, 'refund', adjustments === 0 ? `refund:${id}` : `refund:${id}:${adjustments}`, entries));
  const isRevoked = takenBack === coins;
  const after = { status: isRevoked ? 'revoked' : 'granted', taken_back: takenBack, adjustments: adjustments + 1, shortfall: parts.shortfall, revoked_at: isRevoked ? new Date() : null } as const;
  await changePurchase(trx, workspace_id, id, after);
  await tell(trx, purchase, change > 0 ? `The store refunded a purchase: ${change} coins were taken back.` : `The store reversed a refund: ${-change} coins are back.`, `adjusted:${adjustments}`);
  return { ...purchase, ...after };
}

async function moved(trx: Trx, wanted: Movement): Promise<void> {
  const { kind } = await moveCoins(trx, wanted);
  // The row is locked, and says that this was not done: anything else is a fault of ours, which takes the transaction back.
  if (kind !== 'moved') throw new Error(`The movement ${wanted.request_key} is ${kind}.`);
}

const tell = (trx: Trx, { workspace_id, user_id, id }: LockedPurchase, text: string, what: string): Promise<string | null> =>
  notifyAppUser(trx, { workspace_id, user_id, sender_id: null, kind: 'purchase', text, subject_id: id, dedupe_key: `purchase:${id}:${what}` });
