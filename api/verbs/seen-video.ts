import { readVideo, type VideoCard } from '../../db/video-read.repository.ts';
import { ApiError } from '../errors.ts';
import type { VerbAccess, VerbCall } from './verb.ts';

type Viewer = Pick<VerbCall<VerbAccess>, 'deps' | 'workspace_id'> & { user: { id: string } | null };

/** The video as the caller sees it. @throws ApiError video_gone where it is not there, or not for them */
export async function seenVideo({ deps: { db }, workspace_id, user }: Viewer, id: string): Promise<VideoCard> {
  const card = await readVideo(db, { workspace_id, viewer_id: user?.id ?? null, id });
  if (!card) throw new ApiError('video_gone');
  return card;
}

/** Also one of the caller's own that is not ready. */
export async function seenOrOwnVideo({ deps: { db }, workspace_id, user }: Viewer, id: string): Promise<VideoCard> {
  const card = await readVideo(db, { workspace_id, viewer_id: user?.id ?? null, id, with_own_unready: true });
  if (!card) throw new ApiError('video_gone');
  return card;
}
