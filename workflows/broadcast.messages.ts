import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { BroadcastView, EndBroadcast, KeyRotated, PublishAnnounced, SessionStarted } from '../domain/contracts/stream.ts';

export const sessionStartedSignal = defineSignal<[SessionStarted]>('sessionStarted');
export const publishAnnouncedSignal = defineSignal<[PublishAnnounced]>('publishAnnounced');
export const endBroadcastSignal = defineSignal<[EndBroadcast]>('endBroadcast');
export const keyRotatedSignal = defineSignal<[KeyRotated]>('keyRotated');
export const broadcastViewQuery = defineQuery<BroadcastView>('view');
