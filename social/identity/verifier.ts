import type { SocialProvider } from '../../domain/contracts/social.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { createFacebookCheck } from './facebook.ts';
import { createIdTokenCheck } from './id-token.ts';
import { ProviderDown } from './provider-http.ts';

/** What a provider vouches for. */
export interface VouchedIdentity {
  social_id: string;
  /** null: not told, or not verified by the provider. */
  email: string | null;
  first_name: string | null;
  last_name: string | null;
  picture: string | null;
}

export type IdentityResult = { ok: true; identity: VouchedIdentity } | { ok: false; code: Extract<ErrorCode, 'social_sign_in_refused' | 'social_sign_in_off' | 'identity_unavailable'>; reason: string };

/** What an app says of who signs in. */
export interface ClaimedIdentity {
  social: SocialProvider;
  social_id: string;
  /** The provider's id token; of Facebook its access token. */
  token: string;
  /** As the app gave it to the provider; null: it gave none. */
  nonce: string | null;
  /** As the app says; believed only where nothing is verified. */
  email: string | null;
}

export interface IdentityVerifier {
  /** Never rejects. */
  verify(claimed: ClaimedIdentity): Promise<IdentityResult>;
}

export interface IdentityOptions {
  /** null: not set up. */
  google: { clientIds: readonly string[]; jwksUrl: string } | null;
  apple: { clientIds: readonly string[]; jwksUrl: string } | null;
  facebook: { appId: string; appSecret: string; graphUrl: string } | null;
  /** Believes what is claimed where a provider is not set up. */
  allowUnverified: boolean;
  /** Most that a provider may take to answer, milliseconds. Default 5,000. */
  timeoutMs?: number;
  /** How long after a key set was read an unknown key may have it read again, milliseconds. Default 30,000. */
  cooldownMs?: number;
}

/** What one provider says of a claim; refused: with the reason. @throws ProviderDown */
export type IdentityCheck = (claimed: ClaimedIdentity) => Promise<VouchedIdentity | { refused: string }>;

/**
 * Asks the provider who somebody is. What is set up is always asked; `allowUnverified` stands in only for what is not.
 * Google: https://developers.google.com/identity/sign-in/web/backend-auth
 * Apple: https://developer.apple.com/documentation/signinwithapple/verifying-a-user
 * Facebook: https://developers.facebook.com/docs/facebook-login/guides/access-tokens/debugging
 */
export function createIdentityVerifier({ google, apple, facebook, allowUnverified, timeoutMs = 5_000, cooldownMs = 30_000 }: IdentityOptions): IdentityVerifier {
  const checks: Record<SocialProvider, IdentityCheck | null> = {
    google: google && createIdTokenCheck('google', { ...google, timeoutMs, cooldownMs }),
    apple: apple && createIdTokenCheck('apple', { ...apple, timeoutMs, cooldownMs }),
    facebook: facebook && createFacebookCheck({ ...facebook, timeoutMs }),
  };
  return {
    async verify(claimed) {
      const check = checks[claimed.social] ?? (allowUnverified ? believe : null);
      if (check === null) return { ok: false, code: 'social_sign_in_off', reason: claimed.social };
      try {
        const answer = await check(claimed);
        return 'refused' in answer ? { ok: false, code: 'social_sign_in_refused', reason: answer.refused } : { ok: true, identity: answer };
      } catch (error) {
        if (error instanceof ProviderDown) return { ok: false, code: 'identity_unavailable', reason: error.message };
        return { ok: false, code: 'identity_unavailable', reason: `${claimed.social} could not be asked: ${error instanceof Error ? error.message : String(error)}` };
      }
    },
  };
}

const believe: IdentityCheck = ({ social_id, email }) => Promise.resolve({ social_id, email, first_name: null, last_name: null, picture: null });
