import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { PostEdit, PostState, PostUpdateAnswer, PublishStep } from '../domain/contracts/post.ts';

/** Changes what was not sent yet; refused once init has been called. */
export const editUpdate = defineUpdate<PostUpdateAnswer, [PostEdit]>('edit');
/** Ends the post where that is still possible; answers when it is known whether it was. */
export const cancelUpdate = defineUpdate<PostUpdateAnswer>('cancel');
/** TikTok's webhook says that something happened to the publish_id: ask for the status now. */
export const webhookSignal = defineSignal<[string]>('webhook');

export interface PublishView {
  state: PostState;
  step: PublishStep;
  reason: string | null;
}
export const publishQuery = defineQuery<PublishView>('post');
