import { z } from 'zod';
import { notifyAppUser } from '../../db/app-notification.repository.ts';
import { addComment, deleteComment, listComments, readComment, type CommentCard } from '../../db/video-comment.repository.ts';
import { setCommentLike } from '../../db/video-like.repository.ts';
import { mentionedViewers, tellEach } from '../../db/video-notice.ts';
import { mayComment } from '../../domain/social/video.ts';
import { ApiError, fieldError } from '../errors.ts';
import { decodeCursor, encodeCursor } from '../paging.ts';
import { flag, id, PAGE_SIZE, pageCursor, startingPoint } from './fields.ts';
import { seenVideo } from './seen-video.ts';
import { defineVerb, type VerbAccess, type VerbCall } from './verb.ts';
import { EXAMPLE_AUTHOR, EXAMPLE_COMMENT, EXAMPLE_VIDEO } from './video-examples.ts';
import { flagOf, privacyOf, textOf, timeOf, userView } from './views.ts';

const MOST_CHARACTERS = 500;

/** Counted as people do: an emoji is one. */
const commentText = z.coerce
  .string()
  .trim()
  .max(MOST_CHARACTERS * 16)
  .refine((text) => text !== '' && [...text].length <= MOST_CHARACTERS, `must have 1 to ${MOST_CHARACTERS} characters`);

/** "0" and "" are such apps' words for none. */
const parentId = z.union([z.literal(['', '0']), id], 'must be the id of a comment').optional().transform((value) => (value === '' || value === '0' || value === undefined ? null : value));

const commentView = ({ comment, author, liked, answers }: CommentCard) => ({
  VideoComment: {
    id: comment.id,
    video_id: comment.video_id,
    user_id: comment.user_id,
    parent_id: textOf(comment.parent_id),
    comment: comment.comment,
    like_count: textOf(comment.likes),
    like: flagOf(liked),
    reply_count: textOf(answers),
    created: timeOf(comment.created_at),
  },
  User: userView(author),
});

const postCommentOnVideo = defineVerb({
  name: 'postCommentOnVideo',
  summary: 'Comment on a video, or answer a comment',
  description: `1 to ${MOST_CHARACTERS} characters. \`parent_id\` is the comment that is answered; answers are one level deep. Told of it are the video’s author, whoever is answered, and whoever is mentioned by @username and may see the video.`,
  access: 'user',
  input: z.object({ video_id: id, comment: commentText, parent_id: parentId }),
  turns_per_minute: 30,
  example: { request: { video_id: EXAMPLE_VIDEO.id, comment: EXAMPLE_COMMENT.comment }, msg: { VideoComment: { ...EXAMPLE_COMMENT, like_count: '0', like: '0', reply_count: '0' }, User: EXAMPLE_AUTHOR } },
  async run(call, { video_id, comment, parent_id }) {
    const { deps, workspace_id, user } = call;
    const { video, author, relationship } = await seenVideo(call, video_id);
    if (!mayComment({ allow_comments: video.allow_comments, audience: privacyOf(author).video_comment, relationship })) throw new ApiError('comments_off');
    const answered = parent_id === null ? null : await requireParent(call, video_id, parent_id);
    const mentioned = await mentionedViewers(deps.db, { workspace_id, video_id, text: comment });
    const added = await addComment(deps.db, { video_id, user_id: user.id, parent_id, comment }, async (trx, { id: subject_id }) => {
      const notice = { workspace_id, sender_id: user.id, video_id, subject_id, dedupe_key: `comment:${subject_id}` };
      // The same key: whoever is concerned twice is told once, of what concerns them most.
      await tellEach(trx, answered ? [answered.comment.user_id] : [], { ...notice, kind: 'comment', text: `${user.username} answered your comment.` });
      await tellEach(trx, mentioned, { ...notice, kind: 'mention', text: `${user.username} mentioned you in a comment.` });
      await tellEach(trx, [video.user_id], { ...notice, kind: 'comment', text: `${user.username} commented on your video.` });
    });
    if (!added) throw new ApiError(parent_id === null ? 'video_gone' : 'comment_gone');
    return commentView({ comment: added, author: user, liked: false, answers: 0 });
  },
});

/** @throws ApiError where it is not there, not for them, or an answer itself */
async function requireParent({ deps: { db }, user }: VerbCall, videoId: string, parentCommentId: string): Promise<CommentCard> {
  const parent = await readComment(db, parentCommentId, user.id);
  if (parent?.comment.video_id !== videoId) throw new ApiError('comment_gone');
  if (parent.comment.parent_id !== null) throw fieldError('parent_id', 'is an answer itself: answer the comment above it');
  return parent;
}

const commentCursor = z.tuple([z.uuid()]);

const showVideoComments = defineVerb({
  name: 'showVideoComments',
  summary: 'The comments of a video, newest first; with parent_id the answers to one, oldest first',
  description: '`starting_point` shifts while comments come in; `cursor`, which is `next` of the page before, does not. What deleted and blocked users wrote is left out; `reply_count` counts what the caller would see.',
  access: 'optional',
  input: z.object({ video_id: id, parent_id: parentId, starting_point: startingPoint, cursor: pageCursor }),
  turns_per_minute: 240,
  example: { request: { video_id: EXAMPLE_VIDEO.id, starting_point: '0' }, msg: { Comments: [{ VideoComment: EXAMPLE_COMMENT, User: EXAMPLE_AUTHOR }], next: '' } },
  async run(call, { video_id, parent_id, starting_point, cursor }) {
    await seenVideo(call, video_id);
    const after = cursor === null ? null : decodeCursor(cursor, commentCursor)[0];
    const cards = await listComments(call.deps.db, { video_id, viewer_id: call.user?.id ?? null, parent_id, after, offset: starting_point * PAGE_SIZE, limit: PAGE_SIZE + 1 });
    const shown = cards.slice(0, PAGE_SIZE);
    return { Comments: shown.map(commentView), next: cards.length > PAGE_SIZE ? encodeCursor([shown.at(-1)!.comment.id]) : '' };
  },
});

const likeComment = defineVerb({
  name: 'likeComment',
  summary: 'Like a comment, or take that back',
  description: '`like` is 1 or 0, and 1 where it is absent.',
  access: 'user',
  input: z.object({ comment_id: id, like: flag.default(true) }),
  turns_per_minute: 120,
  example: { request: { comment_id: EXAMPLE_COMMENT.id }, msg: { VideoComment: { id: EXAMPLE_COMMENT.id, like: '1', like_count: '5' } } },
  async run(call, { comment_id, like }) {
    const { deps, workspace_id, user } = call;
    const { comment } = await requireComment(call, comment_id);
    const answer = await setCommentLike(deps.db, { comment_id, user_id: user.id, liked: like });
    if (!answer) throw new ApiError('comment_gone');
    if (like) {
      const notice = { workspace_id, sender_id: user.id, video_id: comment.video_id, subject_id: comment_id, dedupe_key: `comment_like:${comment_id}:${user.id}` };
      await notifyAppUser(deps.db, { ...notice, user_id: comment.user_id, kind: 'comment_like', text: `${user.username} liked your comment.` });
    }
    return { VideoComment: { id: comment_id, like: flagOf(like), like_count: textOf(answer.likes) } };
  },
});

/** A comment that the caller sees, of a video that they see. @throws ApiError comment_gone */
async function requireComment(call: Pick<VerbCall<VerbAccess>, 'deps' | 'workspace_id'> & { user: { id: string } }, commentId: string): Promise<CommentCard> {
  const card = await readComment(call.deps.db, commentId, call.user.id);
  if (!card) throw new ApiError('comment_gone');
  await seenVideo(call, card.comment.video_id).catch((error: unknown) => {
    throw error instanceof ApiError && error.code === 'video_gone' ? new ApiError('comment_gone') : error;
  });
  return card;
}

const removeComment = defineVerb({
  name: 'deleteComment',
  summary: 'Delete a comment of one’s own, or on a video of one’s own',
  description: 'Its answers go with it.',
  access: 'user',
  input: z.object({ comment_id: id }),
  turns_per_minute: 60,
  example: { request: { comment_id: EXAMPLE_COMMENT.id }, msg: { VideoComment: { id: EXAMPLE_COMMENT.id } } },
  async run({ deps: { db }, workspace_id, user }, { comment_id }) {
    if (!(await deleteComment(db, { workspace_id, user_id: user.id, id: comment_id }))) throw new ApiError('comment_gone');
    return { VideoComment: { id: comment_id } };
  },
});

export const commentVerbs = [postCommentOnVideo, showVideoComments, likeComment, removeComment];
