import { lifeOf, type SealedPair, type SocialAccountRow } from '../../db/social-account.repository.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import type { TokenGrant } from '../../domain/contracts/open-api.ts';
import type { AccountLife, TokenTimings } from '../../domain/contracts/social-account.ts';
import { ERRORS } from '../../domain/errors.ts';
import { isExpiring } from '../../domain/publishing/token-schedule.ts';

/** What a row says of its account. */
export function accountLifeOf(row: SocialAccountRow | undefined): AccountLife {
  if (!row || row.state === 'disconnected') return { kind: 'gone' };
  const life = lifeOf(row);
  if (row.state === 'reconnect_needed' || !life) {
    const code = row.state_code ?? 'reconnect_needed';
    return { kind: 'reconnect_needed', code, reason: row.state_reason ?? ERRORS[code].message };
  }
  return { kind: 'usable', life };
}

/**
 * A granted pair as it is stored.
 * @param askedAt when TikTok was asked: the lifetimes count from its answer, so this is never too late
 */
export function sealPair(
  grant: TokenGrant,
  askedAt: Date,
  secrets: SecretBox,
  timings: Pick<TokenTimings, 'expiring_before_ms'>,
): SealedPair & { state: 'connected' | 'expiring' } {
  const endsAt = (seconds: number): Date => new Date(askedAt.getTime() + seconds * 1_000);
  const life = {
    state: 'connected' as const,
    token_version: 0,
    obtained_at_ms: askedAt.getTime(),
    access_expires_at_ms: endsAt(grant.access_expires_in_s).getTime(),
    refresh_expires_at_ms: endsAt(grant.refresh_expires_in_s).getTime(),
  };
  return {
    access_token: secrets.seal(grant.access_token),
    refresh_token: secrets.seal(grant.refresh_token),
    scopes: grant.scopes,
    obtained_at: askedAt,
    access_expires_at: new Date(life.access_expires_at_ms),
    refresh_expires_at: new Date(life.refresh_expires_at_ms),
    state: isExpiring(life, askedAt.getTime(), timings) ? 'expiring' : 'connected',
  };
}
