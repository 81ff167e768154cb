import { createIdentityVerifier, type IdentityOptions, type IdentityVerifier } from '../../social/identity/verifier.ts';
import { startTestSandbox } from './sandbox-client.ts';

export const AUDIENCE = { google: 'app.example.apps.googleusercontent.com', apple: 'com.example.app' } as const;
export const FACEBOOK_APP_ID = '1000000000000001';
const FACEBOOK_SECRET = 'sandbox-facebook-secret';

type Issuer = keyof typeof AUDIENCE;

export interface TokenDraft {
  sub?: string;
  aud?: string | string[];
  expires_in_s?: number;
  claims?: Record<string, unknown>;
  alg?: 'RS256' | 'ES256';
  forgery?: 'forged' | 'unsigned' | 'hmac';
}

export interface IdentityWorld {
  /** Google, Apple and Facebook, all set up. */
  options: IdentityOptions;
  verifier(over?: Partial<IdentityOptions>): IdentityVerifier;
  /** A token as a phone gets it from its provider. */
  token(issuer: Issuer, draft?: TokenDraft): Promise<string>;
  facebookToken(draft: { user_id: string; app_id?: string; is_valid?: boolean; type?: string; expires_in_s?: number }): Promise<string>;
  rotate(issuer: Issuer, keepOld?: boolean): Promise<unknown>;
  /** @param status 0: no answer at all; null: all is well again */
  trouble(provider: Issuer | 'facebook', status: number | null): Promise<unknown>;
  calls(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

/** The providers' stand-ins, and what verifies against them. */
export async function createIdentityWorld(): Promise<IdentityWorld> {
  const { control, url, close } = await startTestSandbox();
  const options: IdentityOptions = {
    google: { clientIds: ['another-client', AUDIENCE.google], jwksUrl: `${url}/identity/google/certs` },
    apple: { clientIds: [AUDIENCE.apple], jwksUrl: `${url}/identity/apple/keys` },
    facebook: { appId: FACEBOOK_APP_ID, appSecret: FACEBOOK_SECRET, graphUrl: `${url}/identity/facebook/` },
    allowUnverified: false,
    timeoutMs: 2_000,
  };
  return {
    options,
    verifier: (over) => createIdentityVerifier({ ...options, ...over }),
    token: async (issuer, draft) => (await control.call<{ token: string }>('POST', `/identity/${issuer}/tokens`, { sub: 'u1', aud: AUDIENCE[issuer], ...draft })).token,
    facebookToken: async (draft) => (await control.call<{ token: string }>('POST', '/identity/facebook/tokens', draft)).token,
    rotate: (issuer, keepOld = false) => control.call('POST', `/identity/${issuer}/rotate`, { keep_old: keepOld }),
    trouble: (provider, status) => control.call('PUT', `/identity/${provider}/trouble`, { status }),
    calls: () => control.call('GET', '/identity/calls'),
    close,
  };
}
