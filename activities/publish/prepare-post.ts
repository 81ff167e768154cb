import { Context } from '@temporalio/activity';
import { sql } from 'kysely';
import type { Db } from '../../db/client.ts';
import { changePost, notePost, UNSENT_STATES, type WorkingPost } from '../../db/post-progress.repository.ts';
import type { MediaProbe } from '../../domain/contracts/media.ts';
import type { CreatorInfo } from '../../domain/contracts/open-api.ts';
import type { PostFault, PrepareOutcome } from '../../domain/contracts/post.ts';
import { checkMedia } from '../../domain/publishing/media-check.ts';
import { SNIFF_BYTES, sniffMediaType } from '../../domain/publishing/media-type.ts';
import { checkAgainstCreator, checkContent } from '../../domain/publishing/post-content.ts';
import type { probeMedia } from '../../media/probe.ts';
import type { MediaStorage } from '../../media/storage.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import type { AccountCalls } from '../accounts/account-calls.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import { afterRefusal } from './limits.ts';
import { fileFault, fileOf } from './stored-file.ts';
import { loadPost, refreshNote, type PublishRef } from './working-post.ts';

export interface PreparePostDeps {
  db: Db;
  tiktok: Pick<OpenApiClient, 'creatorInfo'>;
  calls: AccountCalls;
  media: MediaStorage;
  probe: typeof probeMedia;
}

export function createPreparePost({ db, tiktok, calls, media, probe }: PreparePostDeps) {
  return {
    /** Everything that would have TikTok refuse the post, found before anything is sent; by fresh creator info, as its guidelines demand. */
    async preparePost(ref: PublishRef): Promise<PrepareOutcome> {
      return heartbeating(async () => {
        const post = await loadPost(db, ref);
        await changePost(db, ref, {
          from: UNSENT_STATES,
          set: { state: 'preparing', state_code: null, state_reason: null, started_at: sql`coalesce(started_at, now())` },
        });
        const changed = contentFault(post) ?? (post.source === 'file' ? await fileFault(media, post) : null);
        if (changed) return { kind: 'refused', fault: changed };
        const found = post.source === 'file' ? await probed(post) : null;

        const creator = post.mode === 'direct' ? await askCreatorInfo(ref) : null;
        if (creator && !creator.ok) return afterRefusal(db, ref, post.mode, creator);
        const info = creator?.value ?? null;
        if (info) await notePost(db, ref, { kind: 'creator_info', detail: describe(info), key: 'creator_info' });
        const fault =
          (post.source === 'file' ? await mediaFault(post, found, info) : null) ??
          (info ? checkAgainstCreator(post.content, info, found?.duration_ms ?? null) : null);
        return fault ? { kind: 'refused', fault } : { kind: 'ready' };
      });
    },
  };

  function askCreatorInfo(ref: PublishRef) {
    const signal = Context.current().cancellationSignal;
    return calls.withToken(ref.social_account_id, { scope: 'video.publish', signal, onRefreshed: refreshNote(db, ref) }, (token) =>
      tiktok.creatorInfo(token, signal),
    );
  }

  /** Who took the file in may have had no ffprobe. */
  async function probed(post: WorkingPost): Promise<MediaProbe | null> {
    if (post.media_probe || post.kind !== 'video') return post.media_probe;
    const file = await media.localPath(fileOf(post).key);
    try {
      const result = await probe(file.path);
      return result.kind === 'probed' ? result.probe : null;
    } finally {
      await file.close();
    }
  }

  async function mediaFault(post: WorkingPost, found: MediaProbe | null, creator: CreatorInfo | null): Promise<PostFault | null> {
    const { key, size, content_type } = fileOf(post);
    const faults = checkMedia({
      facts: { size_bytes: size, content_type, probe: found },
      kind: post.kind,
      mode: post.mode,
      max_duration_ms: creator ? creator.max_video_post_duration_s * 1_000 : null,
      sniffed: size > 0 ? sniffMediaType(await head(key, size)) : null,
      truncated: null,
    });
    return faults[0] ? { code: faults[0].code, reason: faults.map(({ message }) => message).join(' ') } : null;
  }

  async function head(key: string, size: number): Promise<Uint8Array> {
    const parts: Buffer[] = [];
    for await (const part of await media.read(key, 0, Math.min(size, SNIFF_BYTES) - 1)) parts.push(part as Buffer);
    return Buffer.concat(parts);
  }
}

function contentFault({ content, kind, mode, photo_urls }: WorkingPost): PostFault | null {
  const faults = checkContent(content, kind, mode, photo_urls?.length);
  return faults.length === 0 ? null : { code: 'validation_failed', reason: faults.map(({ field, message }) => `${field}: ${message}`).join(' ') };
}

const describe = (info: CreatorInfo): string =>
  `Posts as ${info.nickname}; TikTok offers ${info.privacy_level_options.join(', ')} and ${info.max_video_post_duration_s} s.`;
