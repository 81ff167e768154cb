import { defineSignal } from '@temporalio/workflow';

/** There is more to do in the table. */
export const wakeSignal = defineSignal('wake');
