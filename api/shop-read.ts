import type { ChannelRow } from '../db/channel.repository.ts';
import type { Db } from '../db/client.ts';
import { insertShopRead, takeAnswer } from '../db/shop-read.repository.ts';
import type { ShopRead } from '../domain/contracts/channel.ts';
import type { ShopFailure, ShopResult } from '../domain/contracts/shop-api.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';

export interface AskShopDeps {
  db: Db;
  temporal: { shop: Pick<ApiDeps['temporal']['shop'], 'readShop'> };
}

/**
 * Asks TikTok at once, for a person who waits, by the workflow `readShop`. The answer goes through a row that is deleted here, and never through
 * a history.
 * @throws ApiError with TikTok's code and reason where it refuses; unavailable where nobody answers in time
 */
export async function askShop<T>({ db, temporal }: AskShopDeps, { id: channel_id, workspace_id }: Pick<ChannelRow, 'id' | 'workspace_id'>, read: ShopRead): Promise<T> {
  const read_id = await insertShopRead(db, { workspace_id, channel_id, question: read });
  const key = { read_id, workspace_id };
  try {
    await temporal.shop.readShop({ read_id, channel_id, workspace_id });
  } catch (error) {
    await takeAnswer(db, key);
    throw error;
  }
  const answer = (await takeAnswer(db, key)) as ShopResult<T> | undefined;
  if (answer === undefined) throw new ApiError('unavailable', { detail: 'TikTok Shop’s answer was lost: ask again.', retryAfterS: 1 });
  if (!answer.ok) throw shopError(answer);
  return answer.value;
}

/** TikTok's failure as an answer of ours, its own words included. */
export const shopError = ({ code, reason, retry_after_ms }: Pick<ShopFailure, 'code' | 'reason' | 'retry_after_ms'>): ApiError =>
  new ApiError(code, { detail: reason, ...(retry_after_ms !== null && { retryAfterS: Math.ceil(retry_after_ms / 1_000) }) });
