import { defineSignal } from '@temporalio/workflow';

/** Somebody lifted it, or gave it another time: look at the row again. */
export const restrictionChangedSignal = defineSignal('restrictionChanged');
