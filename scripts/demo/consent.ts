import { StartError } from '../supervisor/start-error.ts';
import { Browser, readForm } from './browser.ts';

export interface Consent {
  apiUrl: string;
  /** Of our API. */
  token: string;
  /** Page of ours that TikTok's answer leads back to. */
  page: string;
  /** TikTok's handle of the account that consents. */
  username: string;
}

/**
 * Connects an account as a person with a browser does: Connect, the choice and Approve on the consent page of the sandbox, and the
 * way back.
 * @returns scopes that were agreed to
 */
export async function consent({ apiUrl, token, page, username }: Consent): Promise<string[]> {
  const browser = new Browser();
  const { authorize_url } = await begin<{ authorize_url: string }>(browser, `${apiUrl}/api/auth/tiktok/start?redirect_to=${encodeURIComponent(page)}`, token);

  const { action, fields } = readForm(await (await browser.request(authorize_url)).text());
  const body = new URLSearchParams([...fields.filter(([name]) => name !== 'username'), ['username', username], ['decision', 'approve']]);
  const decided = await browser.request(new URL(action, authorize_url).href, { method: 'POST', body });

  const { url, response } = await browser.follow(decided, `${apiUrl}${page}`);
  if (response) throw new StartError(`The way back from TikTok broke off with ${response.status}: ${(await response.text()).slice(0, 500)}`);
  if (url.searchParams.get('tiktok') !== 'connected') throw new StartError(`TikTok’s sandbox led back without an account: ${url.searchParams.get('reason') ?? 'no reason given'}`);
  return fields.filter(([name]) => name === 'scope').map(([, scope]) => scope);
}

/** Connects a seller's shops: the choice and Authorize on the consent page of TikTok Shop's sandbox, and the way back. @param seller TikTok's open_id */
export async function consentOfSeller(apiUrl: string, token: string, seller: string): Promise<void> {
  const browser = new Browser();
  const { connect_url } = await begin<{ connect_url: string }>(browser, `${apiUrl}/auth/connect-url`, token);
  const { action, fields } = readForm(await (await browser.request(connect_url)).text());
  const decided = await browser.request(new URL(action, connect_url).href, { method: 'POST', body: new URLSearchParams([...fields.filter(([name]) => name !== 'seller'), ['seller', seller], ['decision', 'approve']]) });
  const { response } = await browser.follow(decided, `${apiUrl}/never`);
  if (!response?.ok) throw new StartError(`The way back from TikTok Shop ended with ${response?.status ?? 'no answer'}: ${(await response?.text())?.slice(0, 500) ?? ''}`);
}

async function begin<T>(browser: Browser, url: string, token: string): Promise<T> {
  const start = await browser.request(url, { headers: { accept: 'application/json', authorization: `Bearer ${token}` } });
  const text = await start.text();
  if (!start.ok) throw new StartError(`Connect was answered with ${start.status}: ${text}`);
  return JSON.parse(text) as T;
}
