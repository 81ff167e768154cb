import { Context } from '@temporalio/activity';
import type { Db } from '../../db/client.ts';
import { changePost, notePost, publishPost, type WorkingPost } from '../../db/post-progress.repository.ts';
import type { PublishStatus } from '../../domain/contracts/open-api.ts';
import type { StatusOutcome } from '../../domain/contracts/post.ts';
import { ERRORS } from '../../domain/errors.ts';
import { failureOfPost } from '../../domain/publishing/fail-reasons.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import type { AccountCalls } from '../accounts/account-calls.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import { loadPost, refreshNote, scopeOf, type PublishRef } from './working-post.ts';

export interface PollStatusDeps {
  db: Db;
  tiktok: Pick<OpenApiClient, 'status'>;
  calls: AccountCalls;
}

export function createPollStatus({ db, tiktok, calls }: PollStatusDeps) {
  return {
    /** Asks TikTok what became of the publish_id, and keeps what it says. That TikTok can't be asked right now is no answer. */
    async pollStatus(ref: PublishRef): Promise<StatusOutcome> {
      return heartbeating(async () => {
        const post = await loadPost(db, ref);
        const { publish_id } = post;
        if (publish_id === null) return { kind: 'unknown', reason: 'TikTok’s publish_id was lost with its answer.' };
        const signal = Context.current().cancellationSignal;
        let username: string | null = null;
        const result = await calls.withToken(ref.social_account_id, { scope: scopeOf(post.mode), signal, onRefreshed: refreshNote(db, ref) }, (token, account) => {
          username = account.username;
          return tiktok.status(token, publish_id, signal);
        });
        if (result.ok) return take(ref, post, result.value, username);
        const reason = `${ERRORS[result.code].message} ${result.reason}`;
        return result.code === 'tiktok_invalid_publish_id' ? { kind: 'unknown', reason } : { kind: 'processing', reason };
      });
    },
  };

  async function take(ref: PublishRef, post: WorkingPost, status: PublishStatus, username: string | null): Promise<StatusOutcome> {
    const note = { kind: 'status' as const, detail: words(status), key: `status:${post.publish_id}:${status.status}` };
    switch (status.status) {
      case 'PUBLISH_COMPLETE':
        await publishPost(db, ref, { post_ids: status.post_ids, username, note: { kind: 'published', detail: words(status), key: 'published' } });
        return { kind: 'published', ids_known: status.post_ids.length > 0 || !isPublic(post) };
      case 'SEND_TO_USER_INBOX':
        await changePost(db, ref, { set: { state: 'in_inbox', state_code: null, state_reason: null, upload_url: null }, note });
        return { kind: 'in_inbox' };
      case 'FAILED':
        await notePost(db, ref, note);
        return { kind: 'failed', ...failureOfPost(status.fail_reason) };
      default:
        await changePost(db, ref, { from: ['uploading', 'processing'], set: { state: 'processing', ...pulled(post, status) }, note });
        return { kind: 'processing', reason: `TikTok says ${status.status}.` };
    }
  }
}

/** Only then TikTok ever tells an id: https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status. */
const isPublic = ({ mode, content }: WorkingPost): boolean => mode === 'inbox' || content.privacy_level === 'PUBLIC_TO_EVERYONE';

const pulled = ({ source, bytes_uploaded }: WorkingPost, { downloaded_bytes }: PublishStatus): { bytes_uploaded?: number } =>
  source === 'url' && downloaded_bytes !== null ? { bytes_uploaded: Math.max(bytes_uploaded, downloaded_bytes) } : {};

const words = ({ status, fail_reason, post_ids }: PublishStatus): string => [status, fail_reason, post_ids.join(', ')].filter(Boolean).join(': ');
