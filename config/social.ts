import { readFileSync } from 'node:fs';
import { EnvError, type Env } from './env.ts';
import { listOf } from './list.ts';

/** Which providers vouch for users of the app; null: not set up. */
export function identityOptions(env: Env) {
  const google = listOf(env.GOOGLE_CLIENT_IDS);
  const apple = listOf(env.APPLE_CLIENT_IDS);
  const { FACEBOOK_APP_ID: appId, FACEBOOK_APP_SECRET: appSecret } = env;
  return {
    google: google.length === 0 ? null : { clientIds: google, jwksUrl: env.GOOGLE_JWKS_URL },
    apple: apple.length === 0 ? null : { clientIds: apple, jwksUrl: env.APPLE_JWKS_URL },
    facebook: appId && appSecret ? { appId, appSecret, graphUrl: env.FACEBOOK_GRAPH_URL } : null,
    allowUnverified: env.ALLOW_UNVERIFIED_SOCIAL,
  };
}

/** The push service; fcm null: nothing can be pushed, and `off` says why. */
export function pushOptions(env: Env) {
  const { FCM_PROJECT_ID: projectId, GOOGLE_SERVICE_ACCOUNT: keyFile } = env;
  if (!projectId) return { fcm: null, off: 'FCM_PROJECT_ID is not set' };
  if (!keyFile) return { fcm: null, off: 'GOOGLE_SERVICE_ACCOUNT is not set' };
  return { fcm: { projectId, url: env.FCM_URL, keyFile, tokenUrl: env.GOOGLE_TOKEN_URL }, off: null };
}

/** Where Apple answers by itself: https://developer.apple.com/documentation/appstoreserverapi */
const APPLE_STORE_URLS = { Production: 'https://api.storekit.apple.com', Sandbox: 'https://api.storekit-sandbox.apple.com' } as const;

/**
 * The app stores, as far as they are set up; null: not.
 * @param use calls: stores are asked, and the keys for that are read. receipts: they are left alone
 * @throws EnvError where a store is set up by half, or a file can't be read
 */
export function storeOptions(env: Env, use: 'calls' | 'receipts') {
  const faults: string[] = [];
  const read = (name: string, path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch (error) {
      faults.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      return Buffer.alloc(0);
    }
  };
  const apple = env.APPLE_BUNDLE_ID === undefined ? null : appleOptions(env, env.APPLE_BUNDLE_ID, use, read, faults);
  const google = env.GOOGLE_PLAY_PACKAGE === undefined ? null : googleOptions(env, env.GOOGLE_PLAY_PACKAGE, use, read, faults);
  if (faults.length > 0) throw new EnvError(faults);
  return { apple, google };
}

type ReadFile = (name: string, path: string) => Buffer;

function appleOptions(env: Env, bundleId: string, use: 'calls' | 'receipts', read: ReadFile, faults: string[]) {
  const roots = listOf(env.APPLE_ROOT_CERTIFICATES).map((path) => read('APPLE_ROOT_CERTIFICATES', path));
  if (roots.length === 0) faults.push('APPLE_ROOT_CERTIFICATES: is needed where APPLE_BUNDLE_ID is set');
  const { APPLE_ISSUER_ID: issuerId, APPLE_KEY_ID: keyId, APPLE_PRIVATE_KEY: keyFile, APPLE_ENVIRONMENT: environment } = env;
  const isWhole = issuerId !== undefined && keyId !== undefined && keyFile !== undefined;
  if (use === 'calls' && !isWhole) faults.push('APPLE_ISSUER_ID, APPLE_KEY_ID, APPLE_PRIVATE_KEY: are needed where APPLE_BUNDLE_ID is set');
  const key = use === 'calls' && isWhole ? { issuerId, keyId, privateKey: read('APPLE_PRIVATE_KEY', keyFile).toString('utf8') } : null;
  return { bundleId, environment, appId: env.APPLE_APP_ID ?? null, roots, url: env.APPLE_STORE_URL ?? APPLE_STORE_URLS[environment], key };
}

function googleOptions(env: Env, packageName: string, use: 'calls' | 'receipts', read: ReadFile, faults: string[]) {
  const keyFile = env.GOOGLE_SERVICE_ACCOUNT;
  if (use === 'calls' && keyFile === undefined) faults.push('GOOGLE_SERVICE_ACCOUNT: is needed where GOOGLE_PLAY_PACKAGE is set');
  const { GOOGLE_PLAY_URL: url, GOOGLE_TOKEN_URL: tokenUrl, GOOGLE_JWKS_URL: jwksUrl } = env;
  const account = use === 'calls' && keyFile !== undefined ? serviceAccount(read('GOOGLE_SERVICE_ACCOUNT', keyFile).toString('utf8'), faults) : null;
  return { packageName, url, tokenUrl, jwksUrl, account, audience: env.GOOGLE_NOTIFICATION_AUDIENCE ?? null, email: env.GOOGLE_NOTIFICATION_EMAIL ?? null };
}

/** A service account's key file, as Google gives it out. */
function serviceAccount(text: string, faults: string[]): { client_email: string; private_key: string; private_key_id?: string } | null {
  try {
    const { client_email, private_key, private_key_id } = JSON.parse(text) as Record<string, unknown>;
    if (typeof client_email === 'string' && typeof private_key === 'string') return { client_email, private_key, ...(typeof private_key_id === 'string' && { private_key_id }) };
  } catch {
    // Named below.
  }
  faults.push('GOOGLE_SERVICE_ACCOUNT: is no key file of a service account (JSON with client_email and private_key)');
  return null;
}
