import { proxyActivities } from '@temporalio/workflow';
import type { ChatRestrictionSweep } from '../domain/contracts/chat.ts';

const { sweepRestrictions } = proxyActivities<ChatRestrictionSweep>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 5 },
});

/** Every minute, by a Schedule: starts timers that could not be started, and lifts what is over. @returns how many of each */
export const sweepChatRestrictions = (): Promise<{ started: number; lifted: number }> => sweepRestrictions();
