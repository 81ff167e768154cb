import { randomUUID } from 'node:crypto';
import type { OpenApiFailure, OpenApiResult, TikTokUser, TokenGrant } from '../../domain/contracts/open-api.ts';
import { TIKTOK_SCOPES } from '../../domain/contracts/social-account.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';

/** What becomes of the next call: refused; or done, and the answer lost; or held until `release`. */
export type Fault = { kind: 'failure'; failure: OpenApiFailure } | { kind: 'lost' } | { kind: 'held' };

export interface FakeTikTok extends OpenApiClient {
  /** How often each was called. */
  calls: Record<'exchangeCode' | 'refresh' | 'revoke' | 'userInfo' | 'creatorInfo', number>;
  /** For the next calls of refresh, exchangeCode, revoke and userInfo, each in its turn. */
  faults: Record<'refresh' | 'exchangeCode' | 'revoke' | 'userInfo', Fault[]>;
  lifetimes: { access_s: number; refresh_s: number };
  /** Scopes of the grants to come. */
  scopes: string[];
  /** A pair as it was given out by a consent. */
  grant(openId: string): TokenGrant;
  /** A code that one exchange makes a pair of. */
  code(openId: string): string;
  /** The user takes the consent back. */
  removeConsent(openId: string): void;
  isLive(accessToken: string): boolean;
  release(): void;
}

/** TikTok's tokens as its documents of November 2026 have them: each refresh token is good once. */
export function createFakeTikTok(): FakeTikTok {
  const access = new Map<string, string>();
  const refresh = new Map<string, string>();
  const codes = new Map<string, string>();
  let letGo: (() => void)[] = [];

  const grant = (openId: string): TokenGrant => {
    const pair = { access_token: `act.${randomUUID()}`, refresh_token: `rft.${randomUUID()}` };
    access.set(pair.access_token, openId);
    refresh.set(pair.refresh_token, openId);
    const { access_s, refresh_s } = fake.lifetimes;
    return { ...pair, open_id: openId, scopes: fake.scopes, access_expires_in_s: access_s, refresh_expires_in_s: refresh_s };
  };
  const faulty = async <T>(name: keyof FakeTikTok['faults'], act: () => OpenApiResult<T>): Promise<OpenApiResult<T>> => {
    fake.calls[name] += 1;
    const fault = fake.faults[name].shift();
    if (fault?.kind === 'failure') return fault.failure;
    const answer = act();
    if (fault?.kind === 'held') await new Promise<void>((resolve) => letGo.push(resolve));
    return fault?.kind === 'lost' ? noAnswer : answer;
  };
  const notUsed = (): Promise<never> => Promise.reject(new Error('not part of this test'));

  const fake: FakeTikTok = {
    calls: { exchangeCode: 0, refresh: 0, revoke: 0, userInfo: 0, creatorInfo: 0 },
    faults: { refresh: [], exchangeCode: [], revoke: [], userInfo: [] },
    lifetimes: { access_s: 7_200, refresh_s: 180 * 86_400 },
    scopes: [...TIKTOK_SCOPES],
    grant,
    code(openId) {
      const code = `code.${randomUUID()}`;
      codes.set(code, openId);
      return code;
    },
    removeConsent(openId) {
      for (const tokens of [access, refresh]) for (const [token, owner] of tokens) if (owner === openId) tokens.delete(token);
    },
    isLive: (token) => access.has(token),
    release() {
      letGo.forEach((resolve) => resolve());
      letGo = [];
    },
    exchangeCode: ({ code }) =>
      faulty('exchangeCode', () => {
        const openId = codes.get(code);
        codes.delete(code);
        return openId ? { ok: true, value: grant(openId) } : refused('invalid_grant', 'Authorization code is expired.');
      }),
    refresh: (token) =>
      faulty('refresh', () => {
        const openId = refresh.get(token);
        if (!openId) return refused('invalid_grant', 'Refresh token is invalid or expired.');
        refresh.delete(token);
        for (const [old, owner] of access) if (owner === openId) access.delete(old);
        return { ok: true, value: grant(openId) };
      }),
    revoke: (token) =>
      faulty('revoke', () => {
        const openId = access.get(token);
        if (!openId) return refused('invalid_request', 'The token is not known.');
        fake.removeConsent(openId);
        return { ok: true, value: null };
      }),
    userInfo: (token, scopes) =>
      faulty('userInfo', () => {
        const openId = access.get(token);
        return openId ? { ok: true, value: userOf(openId, scopes) } : tokenInvalid;
      }),
    async creatorInfo(token) {
      fake.calls.creatorInfo += 1;
      if (!access.has(token)) return tokenInvalid;
      const off = { comment_disabled: false, duet_disabled: false, stitch_disabled: false };
      return { ok: true, value: { nickname: 'Ada', username: 'ada', avatar_url: '', privacy_level_options: ['SELF_ONLY'], ...off, max_video_post_duration_s: 300 } };
    },
    init: notUsed,
    uploadChunk: notUsed,
    status: notUsed,
    cancel: notUsed,
    listVideos: notUsed,
    queryVideos: notUsed,
    close: () => Promise.resolve(),
  };
  return fake;
}

const userOf = (open_id: string, scopes: readonly string[]): TikTokUser => ({
  open_id,
  union_id: `union-${open_id}`,
  display_name: `Name of ${open_id}`,
  avatar_url: null,
  username: scopes.includes('user.info.profile') ? `user_${open_id.slice(0, 8)}` : null,
  profile_deep_link: null,
  is_verified: null,
  follower_count: null,
  following_count: null,
  likes_count: null,
  video_count: null,
});

export const failureOf = (over: Partial<OpenApiFailure>): OpenApiFailure => ({
  ok: false,
  code: 'tiktok_internal',
  reason: 'internal_error: TikTok failed',
  tiktok_code: 'internal_error',
  definite: false,
  retryable: true,
  retry_after_ms: null,
  ...over,
});

const refused = (tiktok_code: string, words: string): OpenApiFailure =>
  failureOf({ code: 'oauth_failed', tiktok_code, reason: `${tiktok_code}: ${words}`, definite: true, retryable: false });

const noAnswer = failureOf({ code: 'tiktok_unreachable', reason: 'the connection broke', tiktok_code: null });

const tokenInvalid = failureOf({
  code: 'tiktok_token_invalid',
  reason: 'access_token_invalid: The access token is invalid or not found in the request.',
  tiktok_code: 'access_token_invalid',
  definite: true,
  retryable: false,
});
