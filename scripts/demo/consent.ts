import { StartError } from '../supervisor/start-error.ts';

const TIMEOUT_MS = 20_000;
const MOST_REDIRECTS = 5;

/** What a browser keeps of one person: cookies by host name. Enough for pages of our own and of the sandbox. */
class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** One request; redirects are the caller's. */
  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const { hostname } = new URL(url);
    const jar = this.#cookies.get(hostname) ?? new Map<string, string>();
    const headers = new Headers(init.headers);
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(url, { ...init, headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      jar.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
    }
    this.#cookies.set(hostname, jar);
    return response;
  }
}

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
  const start = await browser.request(`${apiUrl}/api/auth/tiktok/start?redirect_to=${encodeURIComponent(page)}`, {
    headers: { accept: 'application/json', authorization: `Bearer ${token}` },
  });
  const text = await start.text();
  if (!start.ok) throw new StartError(`Connect was answered with ${start.status}: ${text}`);
  const { authorize_url } = JSON.parse(text) as { authorize_url: string };

  const form = readForm(await (await browser.request(authorize_url)).text());
  const body = new URLSearchParams([['request', form.request], ['username', username], ...form.scopes.map((scope): [string, string] => ['scope', scope]), ['decision', 'approve']]);
  const decided = await browser.request(new URL(form.action, authorize_url).href, { method: 'POST', body });

  const returned = await followBack(browser, decided, `${apiUrl}${page}`);
  if (returned.get('tiktok') !== 'connected') throw new StartError(`TikTok’s sandbox led back without an account: ${returned.get('reason') ?? 'no reason given'}`);
  return form.scopes;
}

/** @returns what the address of our page says at the end */
async function followBack(browser: Browser, first: Response, page: string): Promise<URLSearchParams> {
  let response = first;
  for (let redirects = 0; redirects < MOST_REDIRECTS; redirects += 1) {
    const location = response.headers.get('location');
    if (!location) throw new StartError(`The way back from TikTok broke off with ${response.status}: ${(await response.text()).slice(0, 500)}`);
    const target = new URL(location, response.url || page);
    if (target.href.split('?')[0] === page) return target.searchParams;
    response = await browser.request(target.href);
  }
  throw new StartError('The way back from TikTok does not end.');
}

function readForm(html: string): { action: string; request: string; scopes: string[] } {
  const action = /<form[^>]* action="([^"]*)"/.exec(html)?.[1];
  const request = /name="request" value="([^"]*)"/.exec(html)?.[1];
  const scopes = [...html.matchAll(/name="scope" value="([^"]*)"/g)].map(([, scope]) => scope!);
  if (action === undefined || request === undefined) throw new StartError('TikTok’s consent page is not the sandbox’s: this demo needs the sandbox.');
  return { action: unescaped(action), request: unescaped(request), scopes };
}

const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };
const unescaped = (text: string): string => text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]!);
