import { ApplicationFailure, Context } from '@temporalio/activity';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../../db/client.ts';
import { findPostByPublishId, listNeglectedPosts } from '../../db/post-lookup.repository.ts';
import { changePost, hideVideo, notePost, publishPost } from '../../db/post-progress.repository.ts';
import { findWebhook, listAccountsOfOpenId, listOpenWebhooks, settleWebhook } from '../../db/tiktok-webhook.repository.ts';
import { FINAL_POST_STATES } from '../../domain/contracts/post.ts';
import { publishWorkflowId, taskQueue, tiktokTokenWorkflowId, tiktokWebhookWorkflowId } from '../../domain/names.ts';
import { failureOfPost } from '../../domain/publishing/fail-reasons.ts';
import { parseWebhook, type TikTokWebhookEvent } from '../../domain/publishing/webhook.ts';
import { eachInLanes } from '../actions/each-in-lanes.ts';
import { webhookSignal } from '../../workflows/publish-video.messages.ts';
import { consentRemovedSignal } from '../../workflows/tiktok-token.messages.ts';

export interface WebhookActivityDeps {
  db: Db;
  client: Client;
  taskQueuePrefix: string;
  logger: Pick<Logger, 'info'>;
}

type PublishEvent = Extract<TikTokWebhookEvent, { publish_id: string }>;
type KnownPost = NonNullable<Awaited<ReturnType<typeof findPostByPublishId>>>;

/** A webhook may overtake the answer to its own init. */
const LOOKS_FOR_POST = 5;
const SIGNAL_MS = 5_000;
const OPEN_FOR_MS = 30_000;
const NEGLECTED_FOR_MS = 30_000;
const STUCK_FOR_MS = 300_000;
const MOST = 500;
const AT_ONCE = 10;

/** Processing of TikTok's webhooks, and the sweeps over what was not started. */
export function createWebhookActivities({ db, client, taskQueuePrefix, logger }: WebhookActivityDeps) {
  const queue = taskQueue('publish', taskQueuePrefix);

  return {
    /** Does what a stored webhook asks for, once; a repeat changes nothing. @returns what came of it, for people */
    async processWebhook(webhookId: string): Promise<string> {
      const stored = await findWebhook(db, webhookId);
      if (!stored) return 'gone';
      if (stored.outcome !== null) return stored.outcome;
      const parsed = parseWebhook(stored.body);
      const outcome = parsed.ok ? await obey(webhookId, parsed.event) : `ignored: ${parsed.reason.slice(0, 300)}`;
      await settleWebhook(db, webhookId, outcome);
      return outcome;
    },

    /** Has webhooks processed whose workflow could not be started when they came. */
    async sweepTikTokWebhooks(): Promise<number> {
      const ids = await listOpenWebhooks(db, OPEN_FOR_MS, MOST);
      await eachInLanes(ids, AT_ONCE, (id) => start('processTikTokWebhook', tiktokWebhookWorkflowId(id), { webhook_id: id }));
      return said(ids.length, 'webhooks that nobody had processed have their workflows');
    },

    /** Starts the workflow of posts that have none, because Temporal was away or has forgotten them. */
    async sweepPosts(): Promise<number> {
      const posts = await listNeglectedPosts(db, { olderThanMs: NEGLECTED_FOR_MS, stuckMs: STUCK_FOR_MS, limit: MOST });
      await eachInLanes(posts, AT_ONCE, ({ publish_at, ...post }) => start('publishVideo', publishWorkflowId(post.post_id), { ...post, publish_at_ms: publish_at?.getTime() ?? null }));
      return said(posts.length, 'posts that did not move have their workflows');
    },
  };

  function obey(webhookId: string, event: TikTokWebhookEvent): Promise<string> | string {
    if (event.kind === 'ignored') return `ignored: nothing here is concerned by ${event.event}`;
    return event.kind === 'authorization_removed' ? consentRemoved(event) : published(webhookId, event);
  }

  /** The token's owner is told, in every workspace that has the account; not of a consent older than the one it has now. */
  async function consentRemoved({ user_openid, create_time_s, reason_words }: Extract<TikTokWebhookEvent, { kind: 'authorization_removed' }>): Promise<string> {
    const accounts = await listAccountsOfOpenId(db, user_openid);
    const concerned = accounts.filter(({ connected_at }) => create_time_s >= Math.floor(connected_at.getTime() / 1_000));
    for (const { id: social_account_id, workspace_id } of concerned) {
      await client.withDeadline(Date.now() + SIGNAL_MS, () =>
        client.workflow.signalWithStart('tiktokToken', {
          taskQueue: queue,
          workflowId: tiktokTokenWorkflowId(social_account_id),
          args: [{ social_account_id, workspace_id }],
          signal: consentRemovedSignal,
          signalArgs: [reason_words],
        }),
      );
    }
    if (concerned.length > 0) return `consent removed: ${concerned.length} account(s) told`;
    return accounts.length > 0 ? 'ignored: the account was connected again since' : 'ignored: no account of ours';
  }

  async function published(webhookId: string, event: PublishEvent): Promise<string> {
    const post = await findPostByPublishId(db, event.publish_id, event.user_openid);
    if (!post) {
      const { attempt } = Context.current().info;
      if (attempt < LOOKS_FOR_POST) throw ApplicationFailure.retryable('No post has this publish_id yet.', 'post_unknown');
      return 'ignored: no post of ours has this publish_id';
    }
    await notePost(db, post, { kind: 'webhook', detail: 'reason' in event && event.reason ? `${event.event}: ${event.reason}` : event.event, key: `webhook:${webhookId}` });
    if (event.kind === 'publicly_available') await becamePublic(post, event);
    if (event.kind === 'no_longer_publicly_available') await hideVideo(db, post.social_account_id, event.post_id);
    const told = await tellWorkflow(post, event.event);
    if (!told) await withoutWorkflow(post, event);
    return told ? 'the post’s workflow was told' : 'the post’s row was brought up to date';
  }

  function becamePublic(post: KnownPost, event: Extract<PublishEvent, { post_id: string }>) {
    return publishPost(db, post, {
      post_ids: [event.post_id],
      username: post.username,
      is_public: true,
      note: { kind: 'published', detail: `Public as ${event.post_id}`, key: post.state === 'published' ? `published:${event.post_id}` : 'published' },
    });
  }

  async function tellWorkflow(post: KnownPost, event: string): Promise<boolean> {
    try {
      await client.withDeadline(Date.now() + SIGNAL_MS, () => client.workflow.getHandle(publishWorkflowId(post.post_id)).signal(webhookSignal, event));
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  /** A draft may be posted, or refused, long after anybody looked after it. */
  async function withoutWorkflow(post: KnownPost, event: PublishEvent): Promise<void> {
    if (FINAL_POST_STATES.includes(post.state)) return;
    if (event.kind === 'publish_complete') {
      await publishPost(db, post, { post_ids: [], username: post.username, note: { kind: 'published', detail: event.event, key: 'published' } });
    } else if (event.kind === 'publish_failed') {
      const { fault } = failureOfPost(event.reason);
      await changePost(db, post, {
        from: ['in_inbox'],
        set: { state: 'failed', state_code: fault.code, state_reason: fault.reason },
        note: { kind: 'failed', detail: fault.reason, key: 'failed' },
        voidsTurn: true,
      });
    }
  }

  async function start(workflowType: string, workflowId: string, input: object): Promise<void> {
    await client.withDeadline(Date.now() + SIGNAL_MS, () =>
      client.workflow.start(workflowType, { taskQueue: queue, workflowId, workflowIdConflictPolicy: 'USE_EXISTING', args: [input] }),
    );
  }

  function said(count: number, what: string): number {
    if (count > 0) logger.info({ count }, what);
    return count;
  }
}

export type WebhookActivities = ReturnType<typeof createWebhookActivities>;
