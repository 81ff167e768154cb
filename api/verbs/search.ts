import { z } from 'zod';
import type { Db } from '../../db/client.ts';
import { findHashtag, readHashtags, type Hashtag } from '../../db/hashtag.repository.ts';
import { relationshipsOf } from '../../db/relation.repository.ts';
import { readFoundUsers, searchHashtags, searchSounds, searchUsers, searchVideos, type SearchFor } from '../../db/search.repository.ts';
import { readSounds } from '../../db/sound.repository.ts';
import { listHashtagVideos, listSoundVideos } from '../../db/video-list.repository.ts';
import { hashtagName } from '../../domain/social/search-words.ts';
import { ApiError } from '../errors.ts';
import { idPage, listOf, videosMsg } from './feed.ts';
import { id, neededText, text } from './fields.ts';
import { idAfter, listPage, PAGE_FIELDS, PAGING_NOTE, rankedPage, type ListPage, type Reader } from './pages.ts';
import { EXAMPLE_AUTHOR, EXAMPLE_CARD, EXAMPLE_SOUND } from './video-examples.ts';
import { soundView } from './video-view.ts';
import { defineVerb, type Verb } from './verb.ts';
import { textOf, userView } from './views.ts';

const LONGEST_KEYWORD = 100;
const KEPT_SEARCHES = 8;
const TYPES = ['user', 'video', 'hashtag', 'sound'] as const;

const SEARCHES: Record<(typeof TYPES)[number], { rank(db: Db, search: SearchFor): Promise<string[]>; msg(call: Reader, page: ListPage<string>): Promise<object> }> = {
  user: { rank: searchUsers, msg: usersMsg },
  video: { rank: searchVideos, msg: videosMsg },
  hashtag: { rank: searchHashtags, msg: hashtagsMsg },
  sound: { rank: searchSounds, msg: soundsMsg },
};

const search = defineVerb({
  name: 'search',
  summary: 'Finds users, videos, hashtags and sounds',
  description:
    'By `type` the answer has `Users` ({ User }), `Videos` ({ Video, User, Sound }), `Hashtags` ({ Hashtag }) or `Sounds` ({ Sound }), best first. Every word of `keyword` must be there, or one that begins with it; ' +
    `what is spelt alike is found too (docs/app-search.md). ${PAGING_NOTE}`,
  access: 'optional',
  input: z.object({ type: z.enum(TYPES, `must be one of ${TYPES.join(', ')}`), keyword: neededText(LONGEST_KEYWORD), ...PAGE_FIELDS }),
  turns_per_minute: 120,
  example: { request: { type: 'user', keyword: 'bob', starting_point: '0' }, msg: { Users: [{ User: EXAMPLE_AUTHOR }], next: '' } },
  async run(call, { type, keyword, ...input }) {
    return SEARCHES[type].msg(call, await found(call, type, keyword, input));
  },
});

const showSounds = defineVerb({
  name: 'showSounds',
  summary: 'Sounds for a new video, the most used first',
  description: `With \`keyword\`: those whose name has its words. ${PAGING_NOTE}`,
  access: 'optional',
  input: z.object({ keyword: text(LONGEST_KEYWORD).default(''), ...PAGE_FIELDS }),
  turns_per_minute: 60,
  example: { request: { starting_point: '0', keyword: 'original' }, msg: { Sounds: [{ Sound: EXAMPLE_SOUND }], next: '' } },
  async run(call, { keyword, ...input }) {
    return soundsMsg(call, await found(call, 'sound', keyword, input));
  },
});

const showHashtagVideos = defineVerb({
  name: 'showHashtagVideos',
  summary: 'Public videos under a hashtag, newest first',
  description: `With or without #, in any case. A hashtag that nobody has used has no videos. ${PAGING_NOTE}`,
  access: 'optional',
  input: z.object({ hashtag: neededText(LONGEST_KEYWORD), ...PAGE_FIELDS }),
  turns_per_minute: 60,
  example: { request: { hashtag: 'dance', starting_point: '0' }, msg: { Hashtag: { id: '0190a1b2-0000-7000-8000-0000000000c1', name: 'dance', videos_count: '1' }, Videos: [EXAMPLE_CARD], next: '' } },
  async run(call, { hashtag, ...input }) {
    const name = hashtagName(hashtag);
    const tag = await findHashtag(call.deps.db, call.workspace_id, name);
    if (!tag) return { Hashtag: { id: '', name, videos_count: '0' }, Videos: [], next: '' };
    const page = await listPage(call, `hashtag:${tag.id}`, input, async (start) => idPage(await listHashtagVideos(call.deps.db, listOf(call, start), tag.id, idAfter(start))));
    return { Hashtag: hashtagView(tag), ...(await videosMsg(call, page)) };
  },
});

const showSoundVideos = defineVerb({
  name: 'showSoundVideos',
  summary: 'Public videos with a sound, newest first',
  description: PAGING_NOTE,
  access: 'optional',
  input: z.object({ sound_id: id, ...PAGE_FIELDS }),
  turns_per_minute: 60,
  example: { request: { sound_id: EXAMPLE_SOUND.id, starting_point: '0' }, msg: { Sound: EXAMPLE_SOUND, Videos: [EXAMPLE_CARD], next: '' } },
  async run(call, { sound_id, ...input }) {
    const { deps, workspace_id, user } = call;
    const [sound] = await readSounds(deps.db, { workspace_id, viewer_id: user?.id ?? null, ids: [sound_id] });
    if (!sound) throw new ApiError('sound_gone');
    const page = await listPage(call, `sound:${sound.id}`, input, async (start) => idPage(await listSoundVideos(deps.db, listOf(call, start), sound.id, idAfter(start))));
    return { Sound: soundView(sound, deps.config), ...(await videosMsg(call, page)) };
  },
});

type PageInput = Parameters<typeof listPage>[2];

/** One page of what a keyword finds. */
function found(call: Reader, type: (typeof TYPES)[number], keyword: string, input: PageInput): Promise<ListPage<string>> {
  const { deps, workspace_id, user } = call;
  const rank = (): Promise<string[]> => SEARCHES[type].rank(deps.db, { workspace_id, viewer_id: user?.id ?? null, keyword });
  // Who types a word searches for each of its beginnings: by length these do not push each other out, and what a reader can have kept stays bounded.
  const kind = `search:${type}:${keyword.length % KEPT_SEARCHES}`;
  return listPage(call, `search:${type}:${keyword}`, input, (start) => rankedPage(call, kind, input.device_id, start, rank));
}

async function usersMsg({ deps: { db }, workspace_id, user }: Reader, { entries, next }: ListPage<string>) {
  const viewer_id = user?.id ?? null;
  const [users, relationships] = await Promise.all([readFoundUsers(db, { workspace_id, viewer_id, ids: entries }), relationshipsOf(db, viewer_id, entries)]);
  return { Users: users.map((one) => ({ User: userView(one, relationships.get(one.id)) })), next: next ?? '' };
}

async function hashtagsMsg({ deps: { db }, workspace_id }: Reader, { entries, next }: ListPage<string>) {
  return { Hashtags: (await readHashtags(db, workspace_id, entries)).map((one) => ({ Hashtag: hashtagView(one) })), next: next ?? '' };
}

async function soundsMsg({ deps: { db, config }, workspace_id, user }: Reader, { entries, next }: ListPage<string>) {
  const sounds = await readSounds(db, { workspace_id, viewer_id: user?.id ?? null, ids: entries });
  return { Sounds: sounds.map((one) => ({ Sound: soundView(one, config) })), next: next ?? '' };
}

const hashtagView = ({ id: tagId, name, videos }: Hashtag) => ({ id: tagId, name, videos_count: textOf(videos) });

export const searchVerbs: readonly Verb[] = [search, showHashtagVideos, showSounds, showSoundVideos];
