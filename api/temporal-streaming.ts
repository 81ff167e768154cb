import { Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Connection } from '@temporalio/client';
import type { ChatRestrictionInput } from '../domain/contracts/chat.ts';
import type { BroadcastInput, EndBroadcast, KeyRotated, PublishAnnounced } from '../domain/contracts/stream.ts';
import type { IngestVodInput, PublishClipInput } from '../domain/contracts/vod.ts';
import { broadcastWorkflowId, chatRestrictionWorkflowId, ingestVodWorkflowId, publishClipWorkflowId, taskQueue } from '../domain/names.ts';
import { endBroadcastSignal, keyRotatedSignal, publishAnnouncedSignal } from '../workflows/broadcast.messages.ts';
import { restrictionChangedSignal } from '../workflows/chat-restriction.messages.ts';

/** What the API asks of the role `media`. Every call ends within a few seconds, or rejects with ApiError unavailable. */
export interface StreamingGateway {
  /** Starts the stream's workflow; nothing happens where it runs, or ran. */
  startBroadcast(input: BroadcastInput): Promise<void>;
  /** These three start the workflow where it does not run yet: a stream whose start was lost still obeys. */
  endBroadcast(stream: BroadcastInput, end: EndBroadcast): Promise<void>;
  announcePublish(stream: BroadcastInput, announced: PublishAnnounced): Promise<void>;
  rotateKey(stream: BroadcastInput, rotated: KeyRotated): Promise<void>;
  ingestVod(input: IngestVodInput): Promise<void>;
  publishClip(input: PublishClipInput): Promise<void>;
  /** Has a restriction lifted when its time is over. */
  restrictChat(input: ChatRestrictionInput): Promise<void>;
  /** The restriction's row was changed by a person. */
  restrictionChanged(restrictionId: string): Promise<void>;
}

export interface StreamingGatewayOptions {
  connection: Connection;
  namespace: string;
  taskQueuePrefix: string;
  within<T>(ms: number, call: () => Promise<T>): Promise<T>;
  deadlineMs: number;
}

export function createStreamingGateway({ connection, namespace, taskQueuePrefix, within, deadlineMs }: StreamingGatewayOptions): StreamingGateway {
  const { workflow } = new Client({ connection, namespace });
  const queue = taskQueue('media', taskQueuePrefix);
  const quickly = <T>(call: () => Promise<T>): Promise<T> => within(deadlineMs, call);
  const broadcast = (input: BroadcastInput) => ({
    taskQueue: queue,
    workflowId: broadcastWorkflowId(input.stream_id),
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    // One that broke or was terminated may be begun again; one that came to its end is over for good.
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' as const,
    staticSummary: `Stream ${input.stream_id}`,
    args: [input] as [BroadcastInput],
  });
  const start = async (type: string, options: { workflowId: string; args: [object]; staticSummary: string }): Promise<void> => {
    await quickly(() => workflow.start(type, { taskQueue: queue, workflowIdConflictPolicy: 'USE_EXISTING', ...options }));
  };

  /** One that is over needs to be told nothing. */
  const unlessOver = async (call: () => Promise<unknown>): Promise<void> => {
    try {
      await quickly(call);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  };

  return {
    startBroadcast: (input) => unlessOver(() => workflow.start('broadcast', broadcast(input))),
    endBroadcast: (stream, end) => unlessOver(() => workflow.signalWithStart('broadcast', { ...broadcast(stream), signal: endBroadcastSignal, signalArgs: [end] })),
    announcePublish: (stream, announced) => unlessOver(() => workflow.signalWithStart('broadcast', { ...broadcast(stream), signal: publishAnnouncedSignal, signalArgs: [announced] })),
    rotateKey: (stream, rotated) => unlessOver(() => workflow.signalWithStart('broadcast', { ...broadcast(stream), signal: keyRotatedSignal, signalArgs: [rotated] })),
    ingestVod: (input) => start('ingestVod', { workflowId: ingestVodWorkflowId(input.vod_id), args: [input], staticSummary: `Video ${input.vod_id}` }),
    publishClip: (input) => start('publishClip', { workflowId: publishClipWorkflowId(input.clip_id), args: [input], staticSummary: `Clip ${input.clip_id}` }),
    restrictChat: (input) => start('chatRestriction', { workflowId: chatRestrictionWorkflowId(input.restriction_id), args: [input], staticSummary: `Restriction ${input.restriction_id}` }),
    async restrictionChanged(restrictionId) {
      await quickly(async () => {
        try {
          await workflow.getHandle(chatRestrictionWorkflowId(restrictionId)).signal(restrictionChangedSignal);
        } catch (error) {
          // One for good has no workflow, and one that is over needs none.
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        }
      });
    },
  };
}
