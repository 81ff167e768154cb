import { defineSignal } from '@temporalio/workflow';
import type { DecidePayout } from '../domain/contracts/payout.ts';

/** An admin has decided. */
export const decidePayoutSignal = defineSignal<[DecidePayout]>('decide');
