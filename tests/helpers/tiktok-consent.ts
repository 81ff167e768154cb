import type { ApiClient } from './api-client.ts';
import { call } from './api-client.ts';

/** The Open API half of the sandbox's control API. */
export const openApiControlOf = (sandboxUrl: string) => {
  const at = <T>(method: string, path: string, body?: unknown): Promise<T> => call<T>(sandboxUrl, null, method, `/control/open-api${path}`, body);
  return {
    get: <T = unknown>(path: string): Promise<T> => at<T>('GET', path),
    post: <T = unknown>(path: string, body: unknown = {}): Promise<T> => at<T>('POST', path, body),
    patch: <T = unknown>(path: string, body: unknown): Promise<T> => at<T>('PATCH', path, body),
    delete: <T = unknown>(path: string): Promise<T> => at<T>('DELETE', path),
  };
};

export interface Visit {
  /** Where TikTok's consent page sent the browser. */
  callback: string;
  cookie: string;
}

/** A browser without a face: goes from Connect to TikTok's consent page, which must answer by itself (settings.consent.auto). */
export async function visitConsentPage(api: ApiClient, redirectTo = '/crm/social/tiktok'): Promise<Visit> {
  const started = await fetch(`${api.baseUrl}/api/auth/tiktok/start?redirect_to=${encodeURIComponent(redirectTo)}`, {
    headers: { authorization: `Bearer ${api.token}`, accept: 'application/json' },
  });
  if (!started.ok) throw new Error(`start: ${started.status} ${await started.text()}`);
  const { authorize_url } = (await started.json()) as { authorize_url: string };
  const consent = await fetch(authorize_url, { redirect: 'manual' });
  const callback = consent.headers.get('location');
  if (callback === null) throw new Error(`consent page: ${consent.status} ${await consent.text()}`);
  return { callback, cookie: started.headers.get('set-cookie')!.split(';')[0]! };
}

/** Where the browser ends up: the page of ours with the outcome in its query. */
export async function returnFromTikTok({ callback, cookie }: Visit): Promise<URL> {
  const response = await fetch(callback, { redirect: 'manual', headers: { cookie, accept: 'text/html' } });
  const location = response.headers.get('location');
  if (location === null) throw new Error(`callback: ${response.status} ${await response.text()}`);
  return new URL(location);
}

/** Connects the sandbox's account `username` by the whole way round. @returns the account's id */
export async function connectAccount(api: ApiClient, sandboxUrl: string, username: string): Promise<string> {
  await openApiControlOf(sandboxUrl).patch('/settings', { consent: { auto: { username } } });
  const page = await returnFromTikTok(await visitConsentPage(api));
  const id = page.searchParams.get('social_account_id');
  if (id === null) throw new Error(`not connected: ${page.search}`);
  return id;
}
