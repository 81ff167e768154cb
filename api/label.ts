import type { Readable } from 'node:stream';
import type { ChannelRow } from '../db/channel.repository.ts';
import { findLabel, findLabelById, type LabelKey, type LabelRow } from '../db/shipment-label.repository.ts';
import { AppError } from '../domain/errors.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';

export interface LabelFile {
  size_bytes: number;
  stream: Readable;
}

/**
 * The document of a package: the one that was stored within the day, else TikTok's.
 * @throws ApiError with TikTok's code and reason, shop_label_pending where TikTok needs longer to make it
 */
export async function openLabel(deps: Pick<ApiDeps, 'db' | 'media' | 'temporal'>, channel: ChannelRow, asked: Pick<LabelKey, 'package_id' | 'type' | 'size'>): Promise<LabelFile> {
  const key: LabelKey = { ...asked, workspace_id: channel.workspace_id, channel_id: channel.id };
  const stored = await findLabel(deps.db, key);
  if (stored) {
    const opened = await open(deps, stored);
    if (opened) return opened;
  }
  const outcome = await deps.temporal.shop.fetchLabel(key);
  if (outcome.kind === 'refused') throw new ApiError(outcome.code, { detail: outcome.reason, ...(outcome.code === 'shop_label_pending' && { retryAfterS: 5 }) });
  const fetched = await findLabelById(deps.db, key.workspace_id, outcome.label_id);
  const opened = fetched && (await open(deps, fetched));
  if (!opened) throw new ApiError('unavailable', { detail: 'The document was stored and is not there: API and workers have to share their storage (docs/configuration.md).' });
  return opened;
}

/** null: the file is gone. */
async function open({ media }: Pick<ApiDeps, 'media'>, { storage_key, size_bytes }: LabelRow): Promise<LabelFile | null> {
  if (size_bytes === null) return null;
  try {
    return { size_bytes, stream: await media.read(storage_key, 0, size_bytes - 1) };
  } catch (error) {
    if (error instanceof AppError && error.code === 'media_missing') return null;
    throw error;
  }
}
