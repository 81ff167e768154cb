import { createMediaStorage } from '../media/index.ts';
import type { WorkerContext } from './context.ts';
import type { RoleParts } from './role.ts';
import { createAccountsPart } from './social/accounts.ts';
import { createGiftsPart } from './social/gifts.ts';
import { createLedgerPart } from './social/ledger.ts';
import type { SocialContext, SocialPart } from './social/parts.ts';
import { createPayoutsPart } from './social/payouts.ts';
import { createPurchasesPart } from './social/purchases.ts';
import { createPushPart } from './social/push.ts';
import { createVideosPart } from './social/videos.ts';

const PARTS: readonly ((social: SocialContext) => SocialPart)[] = [createAccountsPart, createLedgerPart, createGiftsPart, createPurchasesPart, createPayoutsPart, createVideosPart, createPushPart];

/** The role behind the social app: purchases, payouts, videos, push, and the proof of the ledger. */
export function createSocialRole(context: WorkerContext): Promise<RoleParts> {
  const social: SocialContext = { context, log: context.log, storage: createMediaStorage(context.env) };
  const parts = PARTS.map((create) => create(social));
  return Promise.resolve({
    activities: Object.assign({}, ...parts.map(({ activities = {} }) => activities)) as object,
    workerOptions: { maxConcurrentActivityTaskExecutions: 50, maxHeartbeatThrottleInterval: '2s' },
    async started() {
      for (const part of parts) await part.started?.();
    },
    async close() {
      for (const part of parts.toReversed()) await part.close?.();
    },
  });
}
