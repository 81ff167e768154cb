import { defineSignal } from '@temporalio/workflow';

/** A promise was made or made longer. */
export const extendSignal = defineSignal('extend');
