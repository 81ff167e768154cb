import { Client, WithStartWorkflowOperation, type Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import type { CreatorInfo, OpenApiResult } from '../domain/contracts/open-api.ts';
import type { PostEdit, PostUpdateAnswer, PublishVideoInput } from '../domain/contracts/post.ts';
import type {
  ConnectAccountInput,
  ConnectAccountOutcome,
  CreatorInfoInput,
  DisconnectAnswer,
  RefreshAnswer,
  RefreshRequest,
  TikTokTokenInput,
} from '../domain/contracts/social-account.ts';
import { publishWorkflowId, taskQueue, tiktokTokenWorkflowId, tiktokWebhookWorkflowId } from '../domain/names.ts';
import { disconnectUpdate, refreshUpdate } from '../workflows/tiktok-token.messages.ts';
import { cancelUpdate, editUpdate } from '../workflows/publish-video.messages.ts';

/** What the API asks of the role `publish`. Every call ends within a few seconds, or rejects with ApiError unavailable. */
export interface PublishingGateway {
  /** Exchanges the code that waits in the state's row, and stores the account. */
  connectAccount(input: ConnectAccountInput): Promise<ConnectAccountOutcome>;
  refreshToken(account: TikTokTokenInput, request: RefreshRequest): Promise<RefreshAnswer>;
  disconnectAccount(account: TikTokTokenInput): Promise<DisconnectAnswer>;
  creatorInfo(input: CreatorInfoInput): Promise<OpenApiResult<CreatorInfo>>;
  /** Starts the post's workflow; nothing happens where it runs. */
  startPost(input: PublishVideoInput): Promise<void>;
  editPost(postId: string, edit: PostEdit): Promise<PostUpdateAnswer>;
  cancelPost(postId: string): Promise<PostUpdateAnswer>;
  /** Has a stored webhook processed, once. */
  processWebhook(webhookId: string): Promise<void>;
}

export interface PublishingGatewayOptions {
  connection: Connection;
  namespace: string;
  taskQueuePrefix: string;
  /** Runs a call with a deadline, and turns what Temporal throws when it is away into ApiError unavailable. */
  within<T>(ms: number, call: () => Promise<T>): Promise<T>;
  deadlineMs: number;
  /** Most that a call to TikTok may take on the way. */
  patientMs: number;
}

const REACHABLE_MS = 2_000;

export function createPublishingGateway({ connection, namespace, taskQueuePrefix, within, deadlineMs, patientMs }: PublishingGatewayOptions): PublishingGateway {
  const { workflow } = new Client({ connection, namespace });
  const queue = taskQueue('publish', taskQueuePrefix);
  /** A Temporal that is away is noticed at once, and not by the patience that a call to TikTok needs. */
  const patiently = async <T>(call: () => Promise<T>): Promise<T> => {
    await within(REACHABLE_MS, () => connection.workflowService.getSystemInfo({}));
    return within(patientMs, call);
  };
  const tokenOwner = (account: TikTokTokenInput) =>
    new WithStartWorkflowOperation('tiktokToken', {
      taskQueue: queue,
      workflowId: tiktokTokenWorkflowId(account.social_account_id),
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [account],
    });
  const run = <T>(workflowType: string, workflowId: string, input: object): Promise<T> =>
    patiently(() =>
      workflow.execute(workflowType, {
        taskQueue: queue,
        workflowId,
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowExecutionTimeout: patientMs,
        args: [input],
      }),
    ) as Promise<T>;

  return {
    connectAccount: (input) => run('connectAccount', `connect:${input.oauth_state_id}`, input),
    refreshToken: (account, request) =>
      patiently(() => workflow.executeUpdateWithStart(refreshUpdate, { startWorkflowOperation: tokenOwner(account), args: [request] })),
    disconnectAccount: (account) =>
      patiently(() => workflow.executeUpdateWithStart(disconnectUpdate, { startWorkflowOperation: tokenOwner(account) })),
    creatorInfo: (input) => run('readCreatorInfo', `creator-info:${input.social_account_id}:${randomUUID()}`, input),
    async startPost(input) {
      await within(deadlineMs, () =>
        workflow.start('publishVideo', {
          taskQueue: queue,
          workflowId: publishWorkflowId(input.post_id),
          workflowIdConflictPolicy: 'USE_EXISTING',
          args: [input],
        }),
      );
    },
    editPost: (postId, edit) =>
      patiently(() => workflow.getHandle(publishWorkflowId(postId)).executeUpdate(editUpdate, { args: [edit] })),
    cancelPost: (postId) => patiently(() => workflow.getHandle(publishWorkflowId(postId)).executeUpdate(cancelUpdate)),
    async processWebhook(webhookId) {
      await within(deadlineMs, () =>
        workflow.start('processTikTokWebhook', {
          taskQueue: queue,
          workflowId: tiktokWebhookWorkflowId(webhookId),
          workflowIdConflictPolicy: 'USE_EXISTING',
          args: [{ webhook_id: webhookId }],
        }),
      );
    },
  };
}
