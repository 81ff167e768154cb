import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type ConnectionOptions,
} from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import type { AttemptResult } from '../domain/contracts/action.ts';
import type { SendDeviceCommandInput } from '../domain/contracts/device.ts';
import type { LivestreamSessionInput } from '../domain/contracts/livestream.ts';
import { deliverWorkflowId, deviceCommandWorkflowId, livestreamWorkflowId, taskQueue } from '../domain/names.ts';
import { ApiError } from './errors.ts';
import { createPublishingGateway, type PublishingGateway } from './temporal-publishing.ts';
import { createSocialGateway, type SocialGateway } from './temporal-social.ts';
import { createStreamingGateway, type StreamingGateway } from './temporal-streaming.ts';
import { createShopGateway, type ShopGateway } from './temporal-shop.ts';

/** All that the API asks of Temporal. Every call ends within a few seconds, or rejects with ApiError unavailable. */
export interface TemporalGateway {
  /** Starts the livestream's session; nothing happens where it runs already or has ended by itself. */
  startLivestream(input: LivestreamSessionInput): Promise<void>;
  /** not_running: there is no session that could be told. */
  disconnectLivestream(livestreamId: string): Promise<'signalled' | 'not_running'>;
  /** Makes sure that somebody delivers what is `retrying` for this target. */
  deliverActions(target: string, workspaceId: string): Promise<void>;
  /** Sends a command to a device and waits for how it went; a repeat under the same idempotency key gets the first one's outcome. */
  commandDevice(input: SendDeviceCommandInput): Promise<AttemptResult>;
  publishing: PublishingGateway;
  shop: ShopGateway;
  streaming: StreamingGateway;
  social: SocialGateway;
  isReachable(): Promise<boolean>;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface TemporalOptions {
  address: string;
  namespace: string;
  tls?: ConnectionOptions['tls'];
  apiKey?: string;
  taskQueuePrefix?: string;
  /** Most that a call may take, milliseconds. */
  deadlineMs?: number;
  /** Most that a device command may take, waiting for a worker included. */
  commandMs?: number;
}

/** Connects at the first call and again whenever the connection broke, so that the API answers while Temporal is down. */
export function createTemporalGateway(options: TemporalOptions): TemporalGateway {
  const { address, namespace, tls, apiKey, taskQueuePrefix = '', deadlineMs = 5_000, commandMs = 15_000 } = options;
  const connection = Connection.lazy({
    address,
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    // gRPC's own pause between reconnects grows to two minutes: far too long for a person who waits.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 },
  });
  const { workflow } = new Client({ connection, namespace });
  const within = async <T>(ms: number, call: () => Promise<T>): Promise<T> => {
    try {
      return await connection.withDeadline(Date.now() + ms, call);
    } catch (error) {
      if (
        error instanceof WorkflowNotFoundError ||
        error instanceof WorkflowExecutionAlreadyStartedError ||
        error instanceof WorkflowFailedError
      )
        throw error;
      throw new ApiError('unavailable', { detail: 'Temporal', retryAfterS: 5 }, { cause: error });
    }
  };

  return {
    async startLivestream(input) {
      await within(deadlineMs, () =>
        startOnce(() =>
          workflow.start('livestreamSession', {
            taskQueue: taskQueue('live', taskQueuePrefix),
            workflowId: livestreamWorkflowId(input.livestream_id),
            workflowIdConflictPolicy: 'USE_EXISTING',
            workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
            args: [input],
          }),
        ),
      );
    },
    async disconnectLivestream(livestreamId) {
      try {
        await within(deadlineMs, () => workflow.getHandle(livestreamWorkflowId(livestreamId)).signal('disconnect'));
        return 'signalled';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'not_running';
        throw error;
      }
    },
    async deliverActions(target, workspaceId) {
      await within(deadlineMs, () =>
        workflow.signalWithStart('deliverActions', {
          taskQueue: taskQueue('actions', taskQueuePrefix),
          workflowId: deliverWorkflowId(target),
          args: [{ target, workspace_id: workspaceId }],
          signal: 'wake',
          signalArgs: [],
        }),
      );
    },
    async commandDevice(input) {
      const workflowId = deviceCommandWorkflowId(input.device_id, input.idempotency_key ?? randomUUID());
      try {
        return await within(commandMs, async () => {
          await startOnce(() =>
            workflow.start('sendDeviceCommand', {
              taskQueue: taskQueue('actions', taskQueuePrefix),
              workflowId,
              workflowIdConflictPolicy: 'USE_EXISTING',
              workflowIdReusePolicy: 'REJECT_DUPLICATE',
              workflowExecutionTimeout: commandMs,
              args: [input],
            }),
          );
          return (await workflow.getHandle(workflowId).result()) as AttemptResult;
        });
      } catch (error) {
        // Whether it failed or ran out of time, nobody can say that the device got it.
        if (error instanceof WorkflowFailedError)
          throw new ApiError('unavailable', { detail: 'no worker carried the command out in time', retryAfterS: 5 }, { cause: error });
        throw error;
      }
    },
    publishing: createPublishingGateway({ connection, namespace, taskQueuePrefix, within, deadlineMs, patientMs: 60_000 }),
    shop: createShopGateway({ connection, namespace, taskQueuePrefix, within, deadlineMs, patientMs: 60_000 }),
    streaming: createStreamingGateway({ connection, namespace, taskQueuePrefix, within, deadlineMs }),
    social: createSocialGateway({ connection, namespace, taskQueuePrefix, within, deadlineMs }),
    async isReachable() {
      try {
        await within(Math.min(deadlineMs, 2_000), () => connection.workflowService.getSystemInfo({}));
        return true;
      } catch {
        return false;
      }
    },
    close: () => connection.close(),
  };
}

/** A second start of the same thing is what the caller asked for, done already. */
async function startOnce(start: () => Promise<unknown>): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
