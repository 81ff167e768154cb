import { z } from 'zod';
import { findAppUser, type AppUser } from '../../db/app-user.repository.ts';
import { rankFeed } from '../../db/feed-video.repository.ts';
import { isBlocked, relationshipOf } from '../../db/relation.repository.ts';
import { listFollowedVideos, listLikedVideos, listVideosOfUser, type ListOf } from '../../db/video-list.repository.ts';
import { readVideos } from '../../db/video-read.repository.ts';
import { ApiError, fieldError } from '../errors.ts';
import { toPage } from '../paging.ts';
import { id, PAGE_SIZE } from './fields.ts';
import { idAfter, listPage, PAGE_FIELDS, PAGING_NOTE, rankedPage, timedAfter, type ListPage, type PageStart, type Reader } from './pages.ts';
import { EXAMPLE_CARD } from './video-examples.ts';
import { videoViews } from './video-view.ts';
import { defineVerb, type Verb } from './verb.ts';
import { privacyOf } from './views.ts';

const EXAMPLE_MSG = { Videos: [EXAMPLE_CARD], next: '' };

/** A page of ids as the contract has it; what was deleted or hidden since is left out. */
export async function videosMsg({ deps: { db, config }, workspace_id, user }: Reader, { entries, next }: ListPage<string>) {
  const cards = await readVideos(db, { workspace_id, viewer_id: user?.id ?? null, ids: entries, with_own_unready: true });
  return { Videos: await videoViews(cards, config), next: next ?? '' };
}

export const listOf = ({ workspace_id, user }: Reader, { skip }: PageStart): ListOf => ({ workspace_id, viewer_id: user?.id ?? null, limit: PAGE_SIZE, skip });

/** A page of a list by id. */
export function idPage(rows: readonly { id: string }[]): ListPage<string> {
  const { items, next_cursor } = toPage(rows, PAGE_SIZE, (row) => row.id, (row) => [row.id]);
  return { entries: items, next: next_cursor };
}

function timedPage(rows: readonly { id: string; at: number }[]): ListPage<string> {
  const { items, next_cursor } = toPage(rows, PAGE_SIZE, (row) => row.id, (row) => [row.at, row.id]);
  return { entries: items, next: next_cursor };
}

const showRelatedVideos = defineVerb({
  name: 'showRelatedVideos',
  summary: 'The feed: what is fresh, followed and engaging',
  description: `Ranked once, when its first page is read; the next pages go on in that order, so that no video comes twice and none is lost (docs/feed.md). Videos that the user has watched come last. ${PAGING_NOTE}`,
  access: 'optional',
  input: z.object(PAGE_FIELDS),
  turns_per_minute: 60,
  example: { request: { starting_point: '0', device_id: 'a1b2c3' }, msg: EXAMPLE_MSG },
  async run(call, input) {
    const { deps, workspace_id, user } = call;
    const page = await listPage(call, 'feed', input, (start) => rankedPage(call, 'feed', input.device_id, start, () => rankFeed(deps.db, { workspace_id, viewer_id: user?.id ?? null })));
    return videosMsg(call, page);
  },
});

const showFollowingVideos = defineVerb({
  name: 'showFollowingVideos',
  summary: 'The newest videos of those whom the user follows',
  description: PAGING_NOTE,
  access: 'user',
  input: z.object(PAGE_FIELDS),
  turns_per_minute: 60,
  example: { request: { starting_point: '0' }, msg: EXAMPLE_MSG },
  async run(call, input) {
    const page = await listPage(call, 'following', input, async (start) => timedPage(await listFollowedVideos(call.deps.db, listOf(call, start), timedAfter(start))));
    return videosMsg(call, page);
  },
});

const showVideosOfUser = defineVerb({
  name: 'showVideosOfUser',
  summary: 'The videos of a user, newest first',
  description: `Without \`user_id\`: one’s own, also those that are processing or failed (\`status\`). Of a private account that is not followed: 201. ${PAGING_NOTE}`,
  access: 'optional',
  input: z.object({ user_id: id.optional(), ...PAGE_FIELDS }),
  turns_per_minute: 120,
  example: { request: { user_id: '0190a1b2-0000-7000-8000-000000000002', starting_point: '0' }, msg: EXAMPLE_MSG },
  async run(call, input) {
    const owner = await ownerOf(call, input.user_id);
    const page = await listPage(call, `videos:${owner.id}`, input, async (start) => idPage(await listVideosOfUser(call.deps.db, listOf(call, start), owner.id, idAfter(start))));
    return videosMsg(call, page);
  },
});

const showLikedVideos = defineVerb({
  name: 'showLikedVideos',
  summary: 'What a user has liked, the last first',
  description: `Without \`user_id\`: one’s own. Somebody else’s only where their setting \`liked_videos\` is \`everyone\`: 201 elsewhere. ${PAGING_NOTE}`,
  access: 'optional',
  input: z.object({ user_id: id.optional(), ...PAGE_FIELDS }),
  turns_per_minute: 120,
  example: { request: { starting_point: '0' }, msg: EXAMPLE_MSG },
  async run(call, input) {
    const owner = await ownerOf(call, input.user_id);
    if (owner.id !== call.user?.id && privacyOf(owner).liked_videos !== 'everyone') throw new ApiError('likes_hidden');
    const page = await listPage(call, `liked:${owner.id}`, input, async (start) => timedPage(await listLikedVideos(call.deps.db, listOf(call, start), owner.id, timedAfter(start))));
    return videosMsg(call, page);
  },
});

/**
 * Whose list it is; they themselves where none is named.
 * @throws ApiError user_gone, user_blocked, private_account
 */
async function ownerOf({ deps: { db }, workspace_id, user }: Reader, userId: string | undefined): Promise<AppUser> {
  const wanted = userId ?? user?.id;
  if (wanted === undefined) throw fieldError('user_id', 'is needed where nobody is signed in');
  if (wanted === user?.id) return user;
  const owner = await findAppUser(db, workspace_id, wanted);
  if (!owner) throw new ApiError('user_gone');
  if (user && (await isBlocked(db, user.id, owner.id))) throw new ApiError('user_blocked');
  const relationship = await relationshipOf(db, user?.id ?? null, owner.id);
  if (owner.is_private && relationship !== 'following' && relationship !== 'friends') throw new ApiError('private_account');
  return owner;
}

export const feedVerbs: readonly Verb[] = [showRelatedVideos, showFollowingVideos, showVideosOfUser, showLikedVideos];
