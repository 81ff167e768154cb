import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from './start-error.ts';

export interface SocialPlanOptions {
  sandboxUrl: string;
  apiUrl: string;
  dataDir: string;
  /** The environment as it was given: what it names stays as it is. */
  given: Record<string, string | undefined>;
}

const ASK_MS = 10_000;
/** Google's tokens take a key of 2,048 bits, which the sandbox makes when it is first asked. */
const FCM_PROJECT = 'showrunner-sandbox';

/**
 * Sets the social app up with the sandbox's app stores and push service, as a person would with Apple's and Google's; a store
 * that the environment names itself is left alone.
 * @returns variables for the API and the role social; keys lie in files below the data folder
 * @throws StartError where the sandbox does not say what is needed
 */
export async function planSocial({ sandboxUrl, apiUrl, dataDir, given }: SocialPlanOptions): Promise<Record<string, string>> {
  const folder = join(dataDir, 'sandbox');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keep = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const stores = `${sandboxUrl}/control/stores`;
  return {
    // Who tries an app out has no provider to vouch for them.
    ...(given.ALLOW_UNVERIFIED_SOCIAL ? {} : { ALLOW_UNVERIFIED_SOCIAL: '1' }),
    ...(isNamed(given, /^APPLE_(BUNDLE_ID|STORE_URL|ROOT_CERTIFICATES)$/) ? {} : await apple(stores, apiUrl, keep)),
    ...(isNamed(given, /^(GOOGLE_PLAY_PACKAGE|GOOGLE_SERVICE_ACCOUNT|FCM_PROJECT_ID)$/) ? {} : await google(sandboxUrl, stores, apiUrl, keep)),
  };
}

const isNamed = (given: SocialPlanOptions['given'], names: RegExp): boolean => Object.entries(given).some(([name, value]) => names.test(name) && value);

type Keep = (name: string, text: string) => string;

async function apple(stores: string, apiUrl: string, keep: Keep): Promise<Record<string, string>> {
  const [app, root] = [JSON.parse(await ask(`${stores}/apple/app`)) as Record<'bundle_id' | 'environment' | 'issuer_id' | 'key_id' | 'private_key', string> & { app_id: number }, await ask(`${stores}/apple/root`)];
  await ask(`${stores}/apple/notification-url`, { url: `${apiUrl}/webhook/apple-store` });
  return {
    APPLE_BUNDLE_ID: app.bundle_id,
    APPLE_APP_ID: String(app.app_id),
    APPLE_ENVIRONMENT: app.environment,
    APPLE_ISSUER_ID: app.issuer_id,
    APPLE_KEY_ID: app.key_id,
    APPLE_PRIVATE_KEY: keep('apple-key.p8', app.private_key),
    APPLE_ROOT_CERTIFICATES: keep('apple-root.pem', root),
    APPLE_STORE_URL: `${new URL(stores).origin}/stores/apple`,
  };
}

async function google(sandboxUrl: string, stores: string, apiUrl: string, keep: Keep): Promise<Record<string, string>> {
  const account = await ask(`${stores}/google/service-account`);
  const { package_name } = JSON.parse(await ask(`${stores}/google/app`)) as { package_name: string };
  const { audience, email } = JSON.parse(await ask(`${stores}/google/push`, { url: `${apiUrl}/webhook/google-play` })) as { audience: string; email: string };
  return {
    GOOGLE_PLAY_PACKAGE: package_name,
    GOOGLE_SERVICE_ACCOUNT: keep('google-service-account.json', account),
    GOOGLE_PLAY_URL: `${sandboxUrl}/stores/google`,
    GOOGLE_TOKEN_URL: `${sandboxUrl}/stores/google/token`,
    GOOGLE_JWKS_URL: `${sandboxUrl}/identity/google/certs`,
    GOOGLE_NOTIFICATION_AUDIENCE: audience,
    GOOGLE_NOTIFICATION_EMAIL: email,
    FCM_PROJECT_ID: FCM_PROJECT,
    FCM_URL: sandboxUrl,
  };
}

/** Text of the sandbox's answer; with a body it is told something. */
async function ask(url: string, body?: object): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ASK_MS), ...(body && { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) });
  if (!response.ok) throw new StartError(`The sandbox answered ${response.status} to ${url}: ${await response.text()}`);
  return response.text();
}
