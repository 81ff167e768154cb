import type { Account } from '../state/accounts.ts';
import { ApiFault } from '../wire/answers.ts';
import { invalidParams } from '../wire/api-endpoint.ts';
import type { World } from '../world.ts';
import { isAudited, pendingShares } from './caps.ts';
import { planFault } from './chunk-rules.ts';
import { demandMayPost, privacyOptions } from './creator-info.ts';
import { isPrivacyLevel, type VideoSource } from './init-schemas.ts';
import { demandPullable } from './pull-rules.ts';

const GUIDELINES = 'Please review our integration guidelines at https://developers.tiktok.com/doc/content-sharing-guidelines/';

const refusal = (code: string, message: string): ApiFault => new ApiFault(403, code, message, { data: 'absent' });

export function demandVideoSource(world: World, source: VideoSource): void {
  if (source.source === 'PULL_FROM_URL') return demandPullable(world, source.video_url);
  const fault = planFault(source);
  if (fault !== null) throw invalidParams(fault);
}

interface DirectPost {
  privacy_level?: string | null | undefined;
  brand_content_toggle?: boolean | null | undefined;
}

/** What stands in the way of a direct post, the creator before the text. @throws ApiFault */
export function demandDirectPost(world: World, account: Account, { privacy_level, brand_content_toggle }: DirectPost): void {
  demandMayPost(world, account, 403);
  // It is the account that must be private: SELF_ONLY does not help a public one.
  if (!isAudited(world, account) && !account.is_private) throw refusal('unaudited_client_can_only_post_to_private_accounts', GUIDELINES);
  const offered = privacyOptions(world, account);
  const allowed = isAudited(world, account) ? offered : offered.filter((option) => option === 'SELF_ONLY');
  if (!privacy_level || !isPrivacyLevel(privacy_level) || !allowed.includes(privacy_level)) {
    throw refusal('privacy_level_option_mismatch', 'The privacy_level is not one of the options of the creator.');
  }
  if (brand_content_toggle && privacy_level === 'SELF_ONLY') throw invalidParams('Branded content cannot be private: brand_content_toggle with SELF_ONLY');
}

/** @throws ApiFault */
export function demandDraft(world: World, account: Account): void {
  if (account.is_banned) throw refusal('spam_risk_user_banned_from_posting', 'The user is banned from making new posts.');
  if (pendingShares(world, account) >= world.settings.current.limits.pending_shares) {
    throw refusal('spam_risk_too_many_pending_share', 'There may be at most 5 pending shares within any 24-hour period.');
  }
}
