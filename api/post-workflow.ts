import { WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import { noteNotStarted, type PostRow } from '../db/post.repository.ts';
import type { PostEdit, PostUpdateAnswer } from '../domain/contracts/post.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';

type Deps = Pick<ApiDeps, 'db' | 'temporal'>;

const WAITS = 'It is stored, and starts as soon as Temporal answers again.';

/**
 * Starts the workflow of each post. What Temporal does not take now stays a row that says so: the sweep of posts without a
 * workflow starts it, as it does where this process dies right here.
 */
export async function startPosts(deps: Deps, posts: readonly PostRow[], log: Logger): Promise<void> {
  const outcomes = await Promise.allSettled(posts.map((post) => start(deps, post)));
  const waiting = posts.filter((_, index) => outcomes[index]?.status === 'rejected').map(({ id }) => id);
  if (waiting.length === 0) return;
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  log.warn({ err: reasons[0], post_ids: waiting }, 'posts are stored, but their workflows could not be started; the sweep starts them');
  await noteNotStarted(deps.db, waiting, WAITS);
}

/** @throws ApiError with the workflow's own reason where it refuses */
export const editPost = (deps: Deps, post: PostRow, edit: PostEdit): Promise<void> =>
  tell(deps, post, () => deps.temporal.publishing.editPost(post.id, edit));

/** @throws ApiError with the workflow's own reason where it refuses */
export const cancelPost = (deps: Deps, post: PostRow): Promise<void> => tell(deps, post, () => deps.temporal.publishing.cancelPost(post.id));

async function tell(deps: Deps, post: PostRow, update: () => Promise<PostUpdateAnswer>): Promise<void> {
  const answer = await withWorkflow(deps, post, update);
  if (!answer.ok) throw new ApiError(answer.code, { detail: answer.reason });
}

/** A post that Temporal was never told of has no workflow yet: it gets one, and that hears the update first. */
async function withWorkflow<T>(deps: Deps, post: PostRow, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
  await start(deps, post);
  try {
    return await call();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw new ApiError('conflict', { detail: 'the post has just come to its end' }, { cause: error });
    throw error;
  }
}

const start = ({ temporal }: Deps, { id, social_account_id, workspace_id, publish_at }: PostRow): Promise<void> =>
  temporal.publishing.startPost({ post_id: id, social_account_id, workspace_id, publish_at_ms: publish_at?.getTime() ?? null });
