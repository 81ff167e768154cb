import { z } from 'zod';
import { block, unblock } from '../../db/block.repository.ts';
import { answerFollow, follow, unfollow } from '../../db/follow.repository.ts';
import { listRelated, type RelatedUser } from '../../db/relation-list.repository.ts';
import { relationshipsOf } from '../../db/relation.repository.ts';
import { ApiError, fieldError } from '../errors.ts';
import { decodeCursor, encodeCursor } from '../paging.ts';
import { flag, id, PAGE_SIZE, pageCursor, startingPoint } from './fields.ts';
import { EXAMPLE_USER, EXAMPLE_USER_ID } from './people-examples.ts';
import { requireOpen, requirePerson, type SeenPerson } from './person.ts';
import { maybeId } from './profile-fields.ts';
import { reportVerbs } from './reports.ts';
import { userView } from './views.ts';
import { defineVerb, type Verb, type VerbCall } from './verb.ts';

const yes = flag.optional().default(true);

const personView = async ({ deps: { db }, workspace_id, user }: VerbCall, user_id: string) => {
  const seen = await requirePerson(db, { workspace_id, viewer_id: user.id }, { user_id });
  return { User: userView(seen.user, seen.relationship) };
};

const notOneself = (call: VerbCall, user_id: string): void => {
  if (user_id === call.user.id) throw fieldError('user_id', 'is you');
};

const followUser = defineVerb({
  name: 'followUser',
  summary: 'Follows a user, or no more',
  description: '`follow` is 1 or 0: said twice, it is done once. A private account is asked first: `button` then is `requested`, and 0 takes the request back.',
  access: 'user',
  input: z.object({ user_id: id, follow: yes }),
  turns_per_minute: 60,
  example: { request: { user_id: EXAMPLE_USER_ID, follow: '1' }, msg: { User: { ...EXAMPLE_USER, button: 'friends' } } },
  async run(call, { user_id, follow: wanted }) {
    const { deps, workspace_id, user } = call;
    notOneself(call, user_id);
    if (!wanted) await unfollow(deps.db, workspace_id, { follower_id: user.id, followee_id: user_id });
    else {
      const { kind } = await follow(deps.db, { workspace_id, follower: user, followee_id: user_id });
      if (kind !== 'done') throw new ApiError(kind === 'gone' ? 'user_gone' : 'user_blocked');
    }
    return personView(call, user_id);
  },
});

const answerFollowRequest = defineVerb({
  name: 'answerFollowRequest',
  summary: 'Lets somebody follow one’s private account, or does not',
  description: '`accept` is 1 or 0. Who was refused is not told, and may ask again.',
  access: 'user',
  input: z.object({ user_id: id, accept: yes }),
  turns_per_minute: 120,
  example: { request: { user_id: EXAMPLE_USER_ID, accept: '1' }, msg: { User: EXAMPLE_USER } },
  async run(call, { user_id, accept }) {
    const { deps, workspace_id, user } = call;
    const known = await answerFollow(deps.db, workspace_id, { followee: user, follower_id: user_id, accept });
    if (!known) throw new ApiError('not_found', { detail: 'this user does not ask to follow you' });
    return personView(call, user_id);
  },
});

type Viewing = Pick<VerbCall<'optional'>, 'deps' | 'workspace_id' | 'user'>;

const cursorSchema = z.tuple([z.int(), z.uuid()]);
const paging = { starting_point: startingPoint, cursor: pageCursor };
const EXAMPLE_LIST = [{ User: EXAMPLE_USER }];

/** One page of a list of users, with how the viewer stands to each. */
async function page(call: Viewing, list: Parameters<typeof listRelated>[1], userId: string, { starting_point, cursor }: { starting_point: number; cursor: string | null }) {
  const { deps, workspace_id, user } = call;
  const viewer_id = user?.id ?? null;
  const after = cursor === null ? null : decodeCursor(cursor, cursorSchema);
  const rows = await listRelated(deps.db, list, { workspace_id, viewer_id, user_id: userId, after, page: starting_point, limit: PAGE_SIZE });
  const shown = rows.slice(0, PAGE_SIZE);
  const relationships = await relationshipsOf(deps.db, viewer_id, shown.map((row) => row.user.id));
  const last = shown.at(-1);
  return { users: shown.map(({ user: one }) => ({ User: userView(one, relationships.get(one.id)) })), next: rows.length > PAGE_SIZE && last ? cursorAfter(last) : '' };
}

const cursorAfter = ({ since_us, user }: RelatedUser): string => encodeCursor([since_us, user.id]);

/** Whose list is asked for, where the viewer may see it. */
async function listOwner(call: Viewing, user_id: string | null): Promise<string> {
  const { deps, workspace_id, user } = call;
  const wanted = user_id ?? user?.id;
  if (wanted === undefined) throw new ApiError('unauthenticated', { reason: 'missing' });
  const seen: SeenPerson = await requirePerson(deps.db, { workspace_id, viewer_id: user?.id ?? null }, { user_id: wanted });
  requireOpen(seen);
  return seen.user.id;
}

const showFollowers = defineVerb({
  name: 'showFollowers',
  summary: 'Who follows a user, newest first',
  description: 'Without `user_id` one’s own. Of a private account for those who follow it alone.',
  access: 'optional',
  input: z.object({ user_id: maybeId, ...paging }),
  turns_per_minute: 120,
  example: { request: { user_id: EXAMPLE_USER_ID, starting_point: '0' }, msg: { Followers: EXAMPLE_LIST, next: '' } },
  async run(call, { user_id, ...place }) {
    const { users, next } = await page(call, 'followers', await listOwner(call, user_id), place);
    return { Followers: users, next };
  },
});

const showFollowing = defineVerb({
  name: 'showFollowing',
  summary: 'Whom a user follows, newest first',
  description: 'Without `user_id` one’s own. Of a private account for those who follow it alone.',
  access: 'optional',
  input: z.object({ user_id: maybeId, ...paging }),
  turns_per_minute: 120,
  example: { request: { starting_point: '0' }, msg: { Following: EXAMPLE_LIST, next: '' } },
  async run(call, { user_id, ...place }) {
    const { users, next } = await page(call, 'following', await listOwner(call, user_id), place);
    return { Following: users, next };
  },
});

const showFollowRequests = defineVerb({
  name: 'showFollowRequests',
  summary: 'Who asks to follow one’s private account, newest first',
  access: 'user',
  input: z.object(paging),
  turns_per_minute: 120,
  example: { request: { starting_point: '0' }, msg: { FollowRequests: EXAMPLE_LIST, next: '' } },
  async run(call, place) {
    const { users, next } = await page(call, 'requests', call.user.id, place);
    return { FollowRequests: users, next };
  },
});

const blockUser = defineVerb({
  name: 'blockUser',
  summary: 'Blocks a user, or no more',
  description: '`block` is 1 or 0. Neither sees the other any more, and both follow each other no longer; ending a block does not bring that back.',
  access: 'user',
  input: z.object({ user_id: id, block: yes }),
  turns_per_minute: 60,
  example: { request: { user_id: EXAMPLE_USER_ID, block: '1' }, msg: { user_id: EXAMPLE_USER_ID, blocked: '1' } },
  async run(call, { user_id, block: wanted }) {
    const { deps, workspace_id, user } = call;
    notOneself(call, user_id);
    const pair = { user_id: user.id, blocked_id: user_id };
    if (!wanted) await unblock(deps.db, pair);
    else if (!(await block(deps.db, workspace_id, pair))) throw new ApiError('user_gone');
    return { user_id, blocked: wanted ? '1' : '0' };
  },
});

const showBlockedUsers = defineVerb({
  name: 'showBlockedUsers',
  summary: 'Whom one has blocked, newest first',
  access: 'user',
  input: z.object(paging),
  turns_per_minute: 60,
  example: { request: { starting_point: '0' }, msg: { BlockedUsers: [{ User: { ...EXAMPLE_USER, button: 'follow' } }], next: '' } },
  async run(call, place) {
    const { users, next } = await page(call, 'blocked', call.user.id, place);
    return { BlockedUsers: users, next };
  },
});

export const relationVerbs: readonly Verb[] = [followUser, showFollowRequests, answerFollowRequest, showFollowers, showFollowing, blockUser, showBlockedUsers, ...reportVerbs];
