import type { PayoutActivities, SweepPayoutsActivities } from '../../../domain/contracts/payout.ts';
import { createPayoutSteps } from './payout-steps.ts';
import type { PayoutDeps } from './payout-deps.ts';
import { createSweepPayouts } from './sweep-payouts.ts';

/** What the workflows `payout` and `sweepPayouts` do. */
export const createPayoutActivities = (deps: PayoutDeps): PayoutActivities & SweepPayoutsActivities => ({ ...createPayoutSteps(deps), ...createSweepPayouts(deps) });
