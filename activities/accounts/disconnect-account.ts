import { WorkflowNotFoundError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import type { Db } from '../../db/client.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import { findSocialAccount, listOpenPosts, removeTokens, type AccountKey } from '../../db/social-account.repository.ts';
import type { DisconnectAnswer } from '../../domain/contracts/social-account.ts';
import { publishWorkflowId } from '../../domain/names.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import { cancelUpdate } from '../../workflows/publish-video.messages.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import type { ErrorLog } from '../live/log.ts';

export interface DisconnectDeps {
  db: Db;
  secrets: SecretBox;
  tiktok: Pick<OpenApiClient, 'revoke'>;
  client: Client;
  logger: ErrorLog;
}

/** A person waits; whether TikTok answers or not, the tokens go. */
const REVOKE_MS = 15_000;
const CANCEL_MS = 10_000;
const CANCELS_AT_ONCE = 10;

export function createDisconnectActivities({ db, secrets, tiktok, client, logger }: DisconnectDeps) {
  const revoke = async (sealed: string | null): Promise<Omit<DisconnectAnswer, 'cancelled_posts'>> => {
    if (sealed === null) return { revoked_at_tiktok: false, reason: null };
    try {
      const answer = await tiktok.revoke(secrets.open(sealed), AbortSignal.timeout(REVOKE_MS));
      return answer.ok ? { revoked_at_tiktok: true, reason: null } : { revoked_at_tiktok: false, reason: answer.reason };
    } catch (error) {
      return { revoked_at_tiktok: false, reason: error instanceof Error ? error.message : String(error) };
    }
  };

  const cancelOne = async (postId: string): Promise<boolean> => {
    try {
      const handle = client.workflow.getHandle(publishWorkflowId(postId));
      const answer = await client.withDeadline(Date.now() + CANCEL_MS, () => handle.executeUpdate(cancelUpdate));
      return answer.ok;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      const told = error instanceof WorkflowUpdateFailedError ? error.cause : error;
      logger.warn({ err: told, post_id: postId }, 'a post of a disconnected account could not be cancelled');
      return false;
    }
  };

  return {
    /** Revokes at TikTok, then removes the tokens whatever TikTok says. */
    disconnectAccount: (key: AccountKey): Promise<Omit<DisconnectAnswer, 'cancelled_posts'>> =>
      heartbeating(async () => {
        const row = await findSocialAccount(db, key.workspace_id, key.social_account_id);
        const answer = await revoke(row?.access_token ?? null);
        await removeTokens(db, key);
        return answer;
      }),

    /** Cancels the account's posts that are not over yet. @returns how many */
    cancelPosts: (key: AccountKey): Promise<number> =>
      heartbeating(async () => {
        let cancelled = 0;
        for (let after: string | null = null; ; ) {
          const ids = await listOpenPosts(db, key, after, CANCELS_AT_ONCE);
          const answers = await Promise.all(ids.map(cancelOne));
          cancelled += answers.filter(Boolean).length;
          after = ids.at(-1) ?? null;
          if (after === null) return cancelled;
        }
      }),
  };
}
