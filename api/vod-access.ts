import type { Context } from 'hono';
import { findShownVod, findVod, type VodRow } from '../db/vod.repository.ts';
import { PLAYABLE_VODS } from '../domain/contracts/vod.ts';
import type { AppEnv } from './context.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';
import { requireWatcher } from './play-token.ts';

export const noSuchVod = (): ApiError => new ApiError('not_found', { detail: 'no such video' });

/** The video where it is the workspace's. @throws ApiError not_found */
export async function requireVod({ db }: Pick<ApiDeps, 'db'>, workspaceId: string, id: string): Promise<VodRow> {
  const vod = await findVod(db, id);
  if (vod?.workspace_id !== workspaceId) throw noSuchVod();
  return vod;
}

/**
 * The video, where the caller may watch it: a public one, or with a play token of it (or of the stream that it records) or a member's
 * access token, in the header or as `?token=`, since players send no headers.
 * @throws ApiError not_found; unauthenticated (missing, invalid), token_expired
 */
export async function watchableVod(c: Context<AppEnv>, { db }: ApiDeps, id: string): Promise<VodRow> {
  const vod = await findShownVod(db, id);
  if (!vod) throw noSuchVod();
  // Another video may name a stream for its chat: that stream's tokens don't open it.
  await requireWatcher(c, { ...vod, stream_id: vod.source === 'recording' ? vod.stream_id : null, permission: 'vods.view' });
  return vod;
}

/** @throws ApiError vod_not_ready, with the reason */
export function requirePlayable(vod: VodRow): VodRow & { storage_key: string } {
  if (!PLAYABLE_VODS.includes(vod.status) || vod.storage_key === null) {
    throw new ApiError('vod_not_ready', { detail: vod.status_reason ?? `its status is ${vod.status}`, ...(vod.status !== 'failed' && { retryAfterS: 5 }) });
  }
  return { ...vod, storage_key: vod.storage_key };
}
