import { sql, type RawBuilder } from 'kysely';
import { FEED } from '../domain/social/ranking.ts';
import { hashtagName, likePrefix, prefixQuery } from '../domain/social/search-words.ts';
import type { AppUser } from './app-user.repository.ts';
import type { Db } from './client.ts';
import { isThere, notBlocked } from './relation.repository.ts';
import { audibleTo } from './sound.repository.ts';
import { JOIN_AUTHOR, visibleTo } from './video-read.repository.ts';

/** Ids of what was found, best first. Every source is bounded, so that no keyword reads a whole table; see docs/app-search.md. */
export interface SearchFor {
  workspace_id: string;
  /** null: nobody is signed in. */
  viewer_id: string | null;
  keyword: string;
}

const MOST_FOUND = 400;
/** Of one source. */
const MOST_CANDIDATES = 500;
/** Of what only resembles the keyword, and of how many letters that has to be to resemble anything. */
const MOST_ALIKE = 200;
const SHORTEST_ALIKE = 3;
/** Among so many of the newest videos a keyword without any letter or digit, such as an emoji, is looked for. */
const MOST_READ = 5_000;
/** Where fewer are found, what is spelt alike is looked for too. */
const FEW = 20;

/** A condition that is true of nothing where there is no word to look for. */
const hasWords = (vector: RawBuilder<unknown>, query: string | null): RawBuilder<boolean> => (query === null ? sql<boolean>`false` : sql<boolean>`${vector} @@ to_tsquery('simple', ${query})`);

async function idsOf(db: Db, statement: RawBuilder<{ id: string }>): Promise<string[]> {
  return (await statement.execute(db)).rows.map(({ id }) => id);
}

/** What is spelt alike comes after what has the words, and is only looked for where that is little: to compare is far dearer than to look up. */
async function exactThenAlike(db: Db, typed: string, exact: RawBuilder<{ id: string }>, alike: RawBuilder<{ id: string }>): Promise<string[]> {
  const found = await idsOf(db, exact);
  if (found.length >= FEW || typed.length < SHORTEST_ALIKE) return found;
  return [...new Set([...found, ...(await idsOf(db, alike))])].slice(0, MOST_FOUND);
}

/** Users by name: the one of just this name, names that begin with it, words of their names, each by followers; then names spelt alike. */
export function searchUsers(db: Db, { workspace_id, viewer_id, keyword }: SearchFor): Promise<string[]> {
  const typed = keyword.toLowerCase().replace(/^@+/, '');
  // Every name begins with nothing.
  if (typed === '') return Promise.resolve([]);
  const here = sql`workspace_id = ${workspace_id} and ${isThere('app_users')}`;
  const names = sql`(username || ' ' || first_name || ' ' || last_name)`;
  const exact = sql`
    (select * from app_users where ${here} and username = ${typed})
    union all (select * from app_users where ${here} and username like ${likePrefix(typed)} order by followers desc limit ${MOST_CANDIDATES})
    union all (select * from app_users where ${here} and ${hasWords(sql`to_tsvector('simple', lower(${names}))`, prefixQuery(typed))} order by followers desc limit ${MOST_CANDIDATES})`;
  const alike = sql`select * from app_users where ${here} and ${typed} <% ${names} limit ${MOST_ALIKE}`;
  const ranked = (candidates: RawBuilder<unknown>): RawBuilder<{ id: string }> => sql<{ id: string }>`
    select a.id from (${candidates}) a where ${notBlocked(viewer_id, 'a.id')} group by a.id, a.username, a.followers
    order by a.username = ${typed} desc, a.username like ${likePrefix(typed)} desc, a.followers desc, a.id desc limit ${MOST_FOUND}`;
  return exactThenAlike(db, typed, ranked(exact), ranked(alike));
}

/** Those of them who are there and whom no block keeps from the viewer, in the given order. */
export async function readFoundUsers(db: Db, { workspace_id, viewer_id, ids }: Omit<SearchFor, 'keyword'> & { ids: readonly string[] }): Promise<AppUser[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<AppUser>`
    select a.* from unnest(${ids}::uuid[]) with ordinality as wanted (id, place) join app_users a on a.id = wanted.id
    where a.workspace_id = ${workspace_id} and ${isThere('a')} and ${notBlocked(viewer_id, 'a.id')} order by wanted.place`.execute(db);
  return rows;
}

/** Public videos by description: those with all words, then those with words spelt alike. */
export function searchVideos(db: Db, search: SearchFor): Promise<string[]> {
  const query = prefixQuery(search.keyword);
  if (query === null) return idsOf(db, ranked(search, newestWith(search)));
  return exactThenAlike(db, search.keyword, ranked(search, withWords(search, query)), ranked(search, speltAlike(search)));
}

const publicVideos = (workspaceId: string): RawBuilder<unknown> =>
  sql`from videos v where v.workspace_id = ${workspaceId} and v.deleted_at is null and v.status = 'ready' and v.privacy = 'public' and v.published_at <= now()`;

const withWords = ({ workspace_id }: SearchFor, query: string): RawBuilder<unknown> =>
  sql`select v.* ${publicVideos(workspace_id)} and v.search @@ to_tsquery('simple', ${query}) order by v.published_at desc, v.id desc limit ${MOST_CANDIDATES}`;

const speltAlike = ({ workspace_id, keyword }: SearchFor): RawBuilder<unknown> =>
  sql`select v.* ${publicVideos(workspace_id)} and ${keyword} <% v.description limit ${MOST_ALIKE}`;

const newestWith = ({ workspace_id, keyword }: SearchFor): RawBuilder<unknown> =>
  sql`select * from (select v.* ${publicVideos(workspace_id)} order by v.published_at desc, v.id desc limit ${MOST_READ}) v where position(${keyword} in v.description) > 0 limit ${MOST_CANDIDATES}`;

/** Just what was typed first, then what people like, then what is new: freshness halves in 30 days here, since people look for something. */
const ranked = ({ workspace_id, viewer_id, keyword }: SearchFor, candidates: RawBuilder<unknown>): RawBuilder<{ id: string }> => sql<{ id: string }>`
    select v.id from (${candidates}) v ${JOIN_AUTHOR}
    where a.workspace_id = ${workspace_id} and ${visibleTo(viewer_id)}
    order by (position(${keyword.toLowerCase()} in lower(v.description)) > 0)::integer + least(1, v.engagement / ${FEED.full_level}::float8)
      + 0.5 * power(2, -extract(epoch from now() - v.published_at)::float8 / 86400 / 30) desc, v.id desc
    limit ${MOST_FOUND}`;

/** Hashtags in use: just this one, those that begin with it, by videos; then those spelt alike. */
export function searchHashtags(db: Db, { workspace_id, keyword }: SearchFor): Promise<string[]> {
  const typed = hashtagName(keyword);
  const here = sql`workspace_id = ${workspace_id} and videos > 0`;
  const exact = sql<{ id: string }>`
    select id from ((select id, name, videos from hashtags where ${here} and name = ${typed})
      union (select id, name, videos from hashtags where ${here} and name like ${likePrefix(typed)} order by videos desc limit ${MOST_CANDIDATES})) h
    order by name = ${typed} desc, videos desc, id desc limit ${MOST_FOUND}`;
  const alike = sql<{ id: string }>`
    select id from (select id, videos from hashtags where ${here} and ${typed} <% name limit ${MOST_ALIKE}) h order by videos desc, id desc`;
  return exactThenAlike(db, typed, exact, alike);
}

/** Sounds by name: those with all words, the most used first; then those spelt alike. An empty keyword: all of them. */
export function searchSounds(db: Db, { workspace_id, viewer_id, keyword }: SearchFor): Promise<string[]> {
  const here = sql`s.workspace_id = ${workspace_id} and s.deleted_at is null`;
  const mostUsed = sql`order by s.videos desc, s.id desc limit ${MOST_CANDIDATES}`;
  const named = keyword === '' ? sql`true` : hasWords(sql`to_tsvector('simple', lower(s.name))`, prefixQuery(keyword));
  const audible = (candidates: RawBuilder<unknown>): RawBuilder<{ id: string }> => sql<{ id: string }>`
    select s.id from (${candidates}) s where ${audibleTo(viewer_id)}
    order by (lower(s.name) = ${keyword.toLowerCase()})::integer desc, s.videos desc, s.id desc limit ${MOST_FOUND}`;
  const exact = sql`select s.* from sounds s where ${here} and ${named} ${mostUsed}`;
  const alike = sql`select s.* from sounds s where ${here} and ${keyword} <% s.name limit ${MOST_ALIKE}`;
  return exactThenAlike(db, keyword, audible(exact), audible(alike));
}
