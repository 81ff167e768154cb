import { defineSignal } from '@temporalio/workflow';

/** The store told that something changed: it is asked again. */
export const storeChangedSignal = defineSignal('storeChanged');
