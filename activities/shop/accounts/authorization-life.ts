import { lifeOf, type SealedShopPair, type ShopAuthorizationRow } from '../../../db/shop-authorization.repository.ts';
import type { SecretBox } from '../../../db/secret-box.ts';
import type { ShopTokens } from '../../../domain/contracts/shop-api.ts';
import type { AccountLife, TokenTimings } from '../../../domain/contracts/social-account.ts';
import { ERRORS } from '../../../domain/errors.ts';
import { isExpiring } from '../../../domain/publishing/token-schedule.ts';

/** What a row says of its authorization. */
export function authorizationLifeOf(row: ShopAuthorizationRow | undefined): AccountLife {
  if (!row || row.state === 'disconnected') return { kind: 'gone' };
  const life = lifeOf(row);
  if (row.state === 'reconnect_needed' || !life) {
    const code = row.state_code ?? 'shop_reconnect_needed';
    return { kind: 'reconnect_needed', code, reason: row.state_reason ?? ERRORS[code].message };
  }
  return { kind: 'usable', life };
}

/** A granted pair as it is stored; TikTok Shop says itself when each token ends. @param askedAt when TikTok was asked */
export function sealShopPair(tokens: ShopTokens, askedAt: Date, secrets: SecretBox, timings: Pick<TokenTimings, 'expiring_before_ms'>): SealedShopPair {
  const life = {
    state: 'connected' as const,
    token_version: 0,
    obtained_at_ms: askedAt.getTime(),
    access_expires_at_ms: tokens.access_expires_at_ms,
    refresh_expires_at_ms: tokens.refresh_expires_at_ms,
  };
  return {
    access_token: secrets.seal(tokens.access_token),
    refresh_token: secrets.seal(tokens.refresh_token),
    granted_scopes: tokens.granted_scopes,
    obtained_at: askedAt,
    access_expires_at: new Date(tokens.access_expires_at_ms),
    refresh_expires_at: new Date(tokens.refresh_expires_at_ms),
    state: isExpiring(life, askedAt.getTime(), timings) ? 'expiring' : 'connected',
  };
}
