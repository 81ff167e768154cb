import { Context } from '@temporalio/activity';
import type { Db } from '../../db/client.ts';
import { idsOfOtherPosts } from '../../db/post-lookup.repository.ts';
import { publishPost, type WorkingPost } from '../../db/post-progress.repository.ts';
import type { TikTokVideo } from '../../domain/contracts/open-api.ts';
import type { ReconcileOutcome } from '../../domain/contracts/post.ts';
import { ERRORS } from '../../domain/errors.ts';
import { earliestSecond, matchVideo, type WantedVideo } from '../../domain/publishing/match-video.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import type { AccountCalls } from '../accounts/account-calls.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import { loadPost, refreshNote, type PublishRef } from './working-post.ts';

export interface FindVideoDeps {
  db: Db;
  tiktok: Pick<OpenApiClient, 'listVideos'>;
  calls: AccountCalls;
}

const PAGE = 20;
const MAX_PAGES = 10;

export function createFindVideo({ db, tiktok, calls }: FindVideoDeps) {
  return {
    /** Looks for an unconfirmed post among the account's public videos since init. */
    async findVideo(ref: PublishRef): Promise<ReconcileOutcome> {
      return heartbeating(async () => {
        const post = await loadPost(db, ref);
        const wanted = wantedOf(post);
        if (wanted === null) return { kind: 'not_found', reason: 'Nothing was sent to TikTok yet.' };
        const taken = await idsOfOtherPosts(db, ref.social_account_id, post.id);
        const signal = Context.current().cancellationSignal;
        for (let page = 0, cursor: number | undefined; page < MAX_PAGES; page++) {
          let username: string | null = null;
          const result = await calls.withToken(ref.social_account_id, { scope: 'video.list', signal, onRefreshed: refreshNote(db, ref) }, (token, account) => {
            username = account.username;
            return tiktok.listVideos(token, { max_count: PAGE, ...(cursor === undefined ? {} : { cursor }) }, signal);
          });
          if (!result.ok) return { kind: 'not_found', reason: `The account’s videos could not be read: ${ERRORS[result.code].message} ${result.reason}` };
          const { videos, has_more } = result.value;
          const found = matchVideo(wanted, videos, taken);
          if (found) return keep(ref, found, username);
          const isPast = videos.some(({ create_time }) => create_time < earliestSecond(wanted));
          if (!has_more || isPast || result.value.cursor === null) break;
          cursor = result.value.cursor;
        }
        return { kind: 'not_found', reason: 'TikTok does not say what became of it, and it is not among the account’s public videos.' };
      });
    },
  };

  async function keep(ref: PublishRef, video: TikTokVideo, username: string | null): Promise<ReconcileOutcome> {
    const note = { kind: 'published' as const, detail: `Found among the account’s videos: ${video.id}`, key: 'published' };
    await publishPost(db, ref, { post_ids: [video.id], username, note });
    return { kind: 'published' };
  }
}

function wantedOf({ kind, content, tiktok_post_ids, init_sent_at }: WorkingPost): WantedVideo | null {
  if (init_sent_at === null) return null;
  const caption = content.caption || (kind === 'photo' ? content.description : '');
  return { caption, post_ids: tiktok_post_ids, init_sent_at_ms: init_sent_at.getTime() };
}
