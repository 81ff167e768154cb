import type { Logger } from 'pino';
import { findMedia } from '../db/media.repository.ts';
import { findAccounts } from '../db/post-request.repository.ts';
import { deletePost, findPost, retryPost, type PostRow } from '../db/post.repository.ts';
import { FINAL_POST_STATES } from '../domain/contracts/post.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';
import { accountFault, contentFaults, publishTime, refuse } from './post-input.ts';
import { cancelPost, editPost, startPosts } from './post-workflow.ts';
import { contentOf, type PostChange } from './schemas/post.ts';

/** @throws ApiError not_found where it is none of the workspace's */
export async function requirePost({ db }: Pick<ApiDeps, 'db'>, workspaceId: string, id: string): Promise<PostRow> {
  const post = await findPost(db, workspaceId, id);
  if (!post) throw new ApiError('not_found', { detail: 'no such post' });
  return post;
}

const isFinal = ({ state }: PostRow): boolean => FINAL_POST_STATES.includes(state);
const refusal = (code: ErrorCode, { state }: PostRow): ApiError => new ApiError(code, { detail: `the post is ${state}` });

/** Has the running workflow take a change that was checked whole, with what stays as it is. */
export async function changePost(deps: ApiDeps, post: PostRow, change: PostChange): Promise<PostRow> {
  if (isFinal(post)) throw refusal('post_not_editable', post);
  const content = contentOf(change);
  const { at, faults } = publishTime(change.publish_at ?? null, change.time_zone === undefined ? post.time_zone : change.time_zone);
  refuse([...contentFaults({ ...post.content, ...content }, post.mode, post.photo_urls?.length ?? null), ...faults]);
  await editPost(deps, post, {
    ...(Object.keys(content).length > 0 && { content }),
    ...(change.publish_at !== undefined && { publish_at: at?.toISOString() ?? null }),
    ...(change.time_zone !== undefined && { time_zone: change.time_zone }),
  });
  return requirePost(deps, post.workspace_id, post.id);
}

/** Ends a post where that is still possible; one that was cancelled before stays so. */
export async function endPost(deps: ApiDeps, post: PostRow): Promise<PostRow> {
  if (post.state === 'cancelled') return post;
  if (isFinal(post)) throw refusal('post_not_cancellable', post);
  await cancelPost(deps, post);
  return requirePost(deps, post.workspace_id, post.id);
}

/** Begins a post anew that failed or was cancelled; @param confirmed a person has looked, and it is not on TikTok */
export async function tryAgain(deps: ApiDeps, post: PostRow, confirmed: boolean, log: Logger): Promise<PostRow> {
  const doubtful = post.state === 'unconfirmed' || (post.state === 'failed' && post.state_code === 'post_unconfirmed');
  if (!doubtful && post.state !== 'failed' && post.state !== 'cancelled') throw refusal('post_not_retryable', post);
  if (doubtful && !confirmed) throw new ApiError('post_unconfirmed', { detail: 'send confirm_not_published: true once you have looked' });
  await requirePublishable(deps, post);
  if (!(await retryPost(deps.db, post.workspace_id, post, confirmed))) throw new ApiError('conflict');
  // What still asks about the last run is woken, finds itself outrun, and makes room for the new one. Where it has just ended nothing is begun
  // for this: it would be the new run that is cancelled.
  if (post.state === 'unconfirmed') await deps.temporal.publishing.cancelPost(post.id).catch((error: unknown) => log.info({ err: error }, 'the last run of the post has not said goodbye'));
  await startPosts(deps, [await requirePost(deps, post.workspace_id, post.id)], log);
  return requirePost(deps, post.workspace_id, post.id);
}

/** A post that can't work is refused now rather than in a minute. */
async function requirePublishable({ db, media }: ApiDeps, post: PostRow): Promise<void> {
  const [account] = await findAccounts(db, post.workspace_id, [post.social_account_id]);
  const fault = account ? accountFault(account, post.mode) : null;
  if (fault) throw fault;
  const file = post.media_id === null ? null : await findMedia(db, post.workspace_id, post.media_id);
  if (file && !(await media.stat(file.storage_key))) throw new ApiError('media_missing');
}

/** Deletes a post whose life is over; one that waits for its time is cancelled first. */
export async function removePost(deps: ApiDeps, post: PostRow): Promise<void> {
  if (!isFinal(post) && post.state !== 'scheduled') throw refusal('post_not_deletable', post);
  if (post.state === 'scheduled') await cancelPost(deps, post);
  if (await deletePost(deps.db, post.workspace_id, post.id, (key) => deps.media.delete(key))) return;
  throw refusal('post_not_deletable', await requirePost(deps, post.workspace_id, post.id));
}
