import { Hono } from 'hono';
import { appleControl } from './apple/control.ts';
import { appleRoutes } from './apple/routes.ts';
import { createAppleWorld } from './apple/world.ts';
import { googleControl } from './google/control.ts';
import { googleRoutes } from './google/routes.ts';
import { createGoogleWorld, type MintIdToken } from './google/world.ts';

/** The App Store and Google Play, with the token endpoint of Google's service accounts. */
export interface StoreSandbox {
  routes: Hono;
  /** To be mounted under /control/stores. */
  control: Hono;
  /** Whether an access token that was given out here is good still. */
  isGoogleToken(token: string): boolean;
  reset(): void;
}

/** @param identity control routes of the sandbox's Google, whose key set Pub/Sub's tokens are checked by */
export function createStoreSandbox(identity: Hono): StoreSandbox {
  const mintIdToken: MintIdToken = async (claims) => {
    const response = await identity.request('/google/tokens', { method: 'POST', body: JSON.stringify(claims) });
    return ((await response.json()) as { token: string }).token;
  };
  const [apple, google] = [createAppleWorld(), createGoogleWorld(mintIdToken)];
  return {
    routes: new Hono().route('/', appleRoutes(apple)).route('/', googleRoutes(google)),
    control: new Hono().route('/apple', appleControl(apple)).route('/google', googleControl(google)),
    isGoogleToken: (token) => (google.tokens.get(token)?.until_ms ?? 0) > Date.now(),
    reset() {
      apple.reset();
      google.reset();
    },
  };
}
