import type { SweepPurchasesActivities, VerifyPurchaseActivities } from '../../../domain/contracts/purchase.ts';
import { createAskStore } from './ask-store.ts';
import type { PurchaseDeps } from './purchase-deps.ts';
import { createSettlePurchase } from './settle-purchase.ts';
import { createSweepPurchases } from './sweep-purchases.ts';

/** What the workflows `verifyPurchase` and `sweepPurchases` do. @param unknownForMs see createAskStore */
export const createPurchaseActivities = (deps: PurchaseDeps, unknownForMs?: number): VerifyPurchaseActivities & SweepPurchasesActivities => ({
  ...createAskStore(deps, unknownForMs),
  ...createSettlePurchase(deps),
  ...createSweepPurchases(deps),
});
