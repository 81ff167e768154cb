import { Context } from '@temporalio/activity';
import type { Db } from '../../db/client.ts';
import type { CancelOutcome } from '../../domain/contracts/post.ts';
import { ERRORS } from '../../domain/errors.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import type { AccountCalls } from '../accounts/account-calls.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import { loadPost, refreshNote, scopeOf, type PublishRef } from './working-post.ts';

export interface CancelAtTikTokDeps {
  db: Db;
  tiktok: Pick<OpenApiClient, 'cancel'>;
  calls: AccountCalls;
}

export function createCancelAtTikTok({ db, tiktok, calls }: CancelAtTikTokDeps) {
  return {
    /** Asks TikTok to cancel, which is best effort: https://developers.tiktok.com/doc/content-posting-api-reference-cancel-post. */
    async cancelAtTikTok(ref: PublishRef): Promise<CancelOutcome> {
      return heartbeating(async () => {
        const { publish_id, mode } = await loadPost(db, ref);
        if (publish_id === null) return { kind: 'too_late', reason: 'TikTok never named the publish_id by which it could be cancelled.' };
        const signal = Context.current().cancellationSignal;
        const result = await calls.withToken(ref.social_account_id, { scope: scopeOf(mode), signal, onRefreshed: refreshNote(db, ref) }, (token) =>
          tiktok.cancel(token, publish_id, signal),
        );
        if (result.ok) return { kind: 'cancelled' };
        return { kind: result.definite ? 'too_late' : 'unanswered', reason: `${ERRORS[result.code].message} ${result.reason}` };
      });
    },
  };
}
