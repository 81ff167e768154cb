import type { ShopFailure } from '../../../domain/contracts/shop-api.ts';
import type { ErrorCode } from '../../../domain/errors.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { CallingChannel } from '../shop-calls.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';

export interface Suspicions {
  /** Has the workflow of the authorization look into it, where TikTok says that the shop is not ours (any more). Never throws. */
  report(channel: CallingChannel, failure: ShopFailure): Promise<void>;
}

const SUSPICIOUS: readonly ErrorCode[] = ['shop_reconnect_needed', 'shop_mismatch', 'shop_inactive', 'tiktok_token_invalid'];
/** Calls that fail alike come in crowds. */
const ONCE_IN_MS = 10_000;
const MOST_REMEMBERED = 1_000;

export function createSuspicions(workflows: Pick<ShopWorkflows, 'deauthorized'>, logger: ErrorLog, now: () => number = Date.now): Suspicions {
  const reported = new Map<string, number>();
  return {
    async report({ channel_id, authorization_id, workspace_id, shop_id }, { code, reason, tiktok_code }) {
      // Without TikTok's code it is our own knowledge, which the workflow has.
      if (!SUSPICIOUS.includes(code) || tiktok_code === null) return;
      const at = now();
      if (at - (reported.get(channel_id) ?? -Infinity) < ONCE_IN_MS) return;
      if (reported.size >= MOST_REMEMBERED) reported.clear();
      reported.set(channel_id, at);
      try {
        await workflows.deauthorized({ authorization_id, workspace_id }, { shop_id, reason });
      } catch (error) {
        reported.delete(channel_id);
        logger.warn({ err: error, channel_id }, 'that TikTok no longer takes the calls of a channel could not be passed on; the next call does');
      }
    },
  };
}
