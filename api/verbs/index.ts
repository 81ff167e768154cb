import { feedVerbs } from './feed.ts';
import { giftVerbs } from './gifts.ts';
import { liveVerbs } from './live.ts';
import { messageVerbs } from './messages.ts';
import { notificationVerbs } from './notifications.ts';
import { payoutVerbs } from './payouts.ts';
import { profileVerbs } from './profile.ts';
import { purchaseVerbs } from './purchases.ts';
import { relationVerbs } from './relations.ts';
import { searchVerbs } from './search.ts';
import { signInVerbs } from './sign-in.ts';
import { videoVerbs } from './videos.ts';
import type { Verb } from './verb.ts';
import { walletVerbs } from './wallet.ts';

/** Every verb that we answer; a new one is a line in one of these. */
export const VERBS: readonly Verb[] = [
  ...signInVerbs,
  ...profileVerbs,
  ...relationVerbs,
  ...feedVerbs,
  ...videoVerbs,
  ...searchVerbs,
  ...liveVerbs,
  ...walletVerbs,
  ...giftVerbs,
  ...purchaseVerbs,
  ...payoutVerbs,
  ...notificationVerbs,
  ...messageVerbs,
];
