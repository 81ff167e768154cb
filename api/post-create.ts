import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { findMedia, type MediaRow, type NewMedia } from '../db/media.repository.ts';
import { createPosts, findAccounts, findPostRequest, type Idempotency, type PostRequest } from '../db/post-request.repository.ts';
import { postsOfGroup, type PostRow } from '../db/post.repository.ts';
import { checkMedia } from '../domain/publishing/media-check.ts';
import type { MediaType } from '../domain/publishing/media-type.ts';
import type { ApiDeps } from './deps.ts';
import { fieldError, type FieldFault } from './errors.ts';
import { accountFaults, contentFaults, parseAs, publishTime, refuse } from './post-input.ts';
import { startPosts } from './post-workflow.ts';
import { readUpload } from './multipart.ts';
import { contentOf, newPost, postMetadata, type NewPost, type PostMetadata } from './schemas/post.ts';
import { discardUnused, fileError, storeFile, type FileOwner } from './stored-file.ts';

export interface Requester extends FileOwner {
  /** Idempotency-Key; null: none. */
  key: string | null;
  log: Logger;
}

export interface PostsAnswer {
  group_id: string;
  posts: PostRow[];
  /** The key was used before: nothing was made. */
  repeated: boolean;
}

/** Posts whose bytes are somewhere already. */
export async function postFromJson(deps: ApiDeps, text: string, by: Requester): Promise<PostsAnswer> {
  const body = parseAs(newPost, text, 'body');
  const idempotency = idempotencyOf(by.key, body, null);
  const earlier = await findRepeated(deps, by, idempotency);
  if (earlier) return earlier;
  const media = body.media_id === null ? null : await findMedia(deps.db, by.workspace_id, body.media_id);
  const checked = await checkPosts(deps, body, by, media === undefined ? [{ field: 'media_id', message: 'is no file of this workspace' }] : []);
  if (media) refuseMedia(media, body);
  return create(deps, by, {
    ...checked,
    kind: body.photo_urls === null ? 'video' : 'photo',
    source: media ? 'file' : 'url',
    video_url: body.video_url,
    photo_urls: body.photo_urls,
    media: media ?? null,
    idempotency,
  });
}

/** Posts with their file: what is asked is checked before the first byte of the file is stored, and the file before the posts are. */
export async function postFromUpload(deps: ApiDeps, contentType: string, source: Readable, by: Requester): Promise<PostsAnswer> {
  let kept: NewMedia | null = null;
  try {
    const asked = await readUpload({ source, contentType, metadata: 'needed' }, async ({ metadata, file, file_name }) => {
      const body = parseAs(postMetadata, metadata ?? '', 'metadata');
      // A repeat is read to its end and never kept: its sender has not got the first answer, and would not get this one either.
      if (by.key !== null && (await findPostRequest(deps.db, by.workspace_id, by.key))) return { body, sha256: await sha256Of(file), checked: null };
      const checked = await checkPosts(deps, body, by, []);
      kept = await storeFile(deps, { file, file_name, mode: body.mode }, by);
      return { body, sha256: kept.sha256, checked };
    });
    const idempotency = idempotencyOf(by.key, asked.body, asked.sha256);
    return await finish(deps, by, asked.checked, kept, idempotency);
  } finally {
    if (kept) await discardUnused(deps, kept);
  }
}

export type Checked = Pick<PostRequest, 'workspace_id' | 'created_by' | 'social_account_ids' | 'mode' | 'content' | 'publish_at' | 'time_zone'>;

async function finish(deps: ApiDeps, by: Requester, checked: Checked | null, added: NewMedia | null, idempotency: Idempotency | null): Promise<PostsAnswer> {
  const earlier = checked === null ? await findRepeated(deps, by, idempotency) : null;
  if (earlier) return earlier;
  if (checked === null || added === null) throw fieldError('Idempotency-Key', 'was forgotten while the file came: send the request again');
  return create(deps, by, { ...checked, kind: 'video', source: 'file', video_url: null, photo_urls: null, media: { added }, idempotency });
}

async function create(deps: ApiDeps, by: Requester, request: PostRequest): Promise<PostsAnswer> {
  const made = await createPosts(deps.db, request, (accounts) => refuse(accountFaults(request.social_account_ids, accounts, request.mode)));
  if (made.kind === 'key_taken') throw keyTaken();
  const posts = await postsOfGroup(deps.db, by.workspace_id, made.group_id);
  if (made.kind === 'repeated') return { group_id: made.group_id, posts, repeated: true };
  await startPosts(deps, posts, by.log);
  return { group_id: made.group_id, posts: await postsOfGroup(deps.db, by.workspace_id, made.group_id), repeated: false };
}

/** All faults at once: of the accounts, the content and the time; `more` are told with them. */
export async function checkPosts({ db }: ApiDeps, body: PostMetadata | NewPost, by: FileOwner, more: FieldFault[]): Promise<Checked> {
  const content = contentOf(body);
  const photos = 'photo_urls' in body && body.photo_urls !== null ? body.photo_urls.length : null;
  const { at, faults } = publishTime(body.publish_at, body.time_zone);
  const accounts = await findAccounts(db, by.workspace_id, body.social_account_ids);
  refuse([...accountFaults(body.social_account_ids, accounts, body.mode), ...contentFaults(content, body.mode, photos), ...faults, ...more]);
  return {
    workspace_id: by.workspace_id,
    created_by: by.user_id,
    social_account_ids: body.social_account_ids,
    mode: body.mode,
    content,
    publish_at: at,
    time_zone: body.time_zone,
  };
}

/** The file was checked when it came, but not for this mode. */
function refuseMedia({ size_bytes, content_type, probe }: MediaRow, { mode }: NewPost): void {
  const facts = { size_bytes, content_type, probe };
  const faults = checkMedia({ facts, kind: 'video', mode, max_duration_ms: null, sniffed: content_type as MediaType, truncated: null });
  if (faults.length > 0) throw fileError(faults, 'media_id');
}

async function findRepeated({ db }: ApiDeps, by: Requester, idempotency: Idempotency | null): Promise<PostsAnswer | null> {
  const earlier = idempotency && (await findPostRequest(db, by.workspace_id, idempotency.key));
  if (!earlier) return null;
  if (earlier.fingerprint !== idempotency.fingerprint) throw keyTaken();
  return { group_id: earlier.group_id, posts: await postsOfGroup(db, by.workspace_id, earlier.group_id), repeated: true };
}

const keyTaken = () => fieldError('Idempotency-Key', 'was used for another request: take a new one');

/** @param sha256 of the file that came along */
const idempotencyOf = (key: string | null, body: PostMetadata | NewPost, sha256: string | null): Idempotency | null =>
  key === null ? null : { key, fingerprint: createHash('sha256').update(JSON.stringify([body, sha256])).digest('hex') };

async function sha256Of(file: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of file) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

