import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { LivestreamStatus } from '../domain/contracts/livestream.ts';

/** A person ends the session. */
export const disconnectSignal = defineSignal('disconnect');
/** The consumer tells that the socket stands. */
export const openedSignal = defineSignal('opened');

export interface SessionView {
  status: LivestreamStatus;
  reason: string | null;
}

export const statusQuery = defineQuery<SessionView>('status');
