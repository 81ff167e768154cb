import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Db } from '../../db/client.ts';
import { findWorkingPost, notePost, type PostRef, type WorkingPost } from '../../db/post-progress.repository.ts';
import type { PostMode } from '../../domain/contracts/post.ts';
import { POST_GONE } from '../../domain/contracts/post.ts';
import type { TikTokScope } from '../../domain/contracts/social-account.ts';

/** Which post, and on which of its tries, an activity works. */
export interface PublishRef extends PostRef {
  social_account_id: string;
}

/** @throws ApplicationFailure post_gone, which ends the workflow, where the row is gone or on another try */
export async function loadPost(db: Db, ref: PostRef): Promise<WorkingPost> {
  const post = await findWorkingPost(db, ref);
  if (!post || post.run !== ref.run) throw gone(ref);
  return post;
}

export const gone = ({ post_id }: Pick<PostRef, 'post_id'>): ApplicationFailure =>
  ApplicationFailure.nonRetryable(`The post ${post_id} is gone, or on another try.`, POST_GONE);

/** What calling TikTok for a post of this mode takes. */
export const scopeOf = (mode: PostMode): TikTokScope => (mode === 'direct' ? 'video.publish' : 'video.upload');

/** The same for every attempt of one step of one workflow. */
export function stepKey(): string {
  const { activityId, workflowExecution } = Context.current().info;
  return `${workflowExecution?.runId ?? ''}:${activityId}`;
}

/** Writes into the timeline that the token had to be refreshed on the way; once for each step. */
export function refreshNote(db: Db, ref: PostRef): () => Promise<void> {
  const key = `token:${stepKey()}`;
  return async () => {
    await notePost(db, ref, { kind: 'token_refreshed', detail: 'The access token had ended on the way; it was refreshed, and the step went on.', key });
  };
}
