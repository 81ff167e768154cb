import { StartError } from '../supervisor/start-error.ts';

const TIMEOUT_MS = 20_000;
const MOST_REDIRECTS = 5;

/** What a browser keeps of one person: cookies by host name. Enough for pages of our own and of the sandbox. */
export class Browser {
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

  /** Follows redirects until one leads to `page`, or to a page that is none. @returns its address */
  async follow(first: Response, page: string): Promise<{ url: URL; response: Response | null }> {
    let response = first;
    for (let redirects = 0; redirects < MOST_REDIRECTS; redirects += 1) {
      const location = response.headers.get('location');
      if (!location) return { url: new URL(response.url || page), response };
      const target = new URL(location, response.url || page);
      if (target.href.split('?')[0] === page) return { url: target, response: null };
      response = await this.request(target.href);
    }
    throw new StartError('The way back from TikTok does not end.');
  }
}

/** The form of a page: where it goes, and its hidden and ticked fields. */
export function readForm(html: string): { action: string; fields: [name: string, value: string][] } {
  const action = /<form[^>]* action="([^"]*)"/.exec(html)?.[1];
  if (action === undefined) throw new StartError('TikTok’s consent page is not the sandbox’s: this demo needs the sandbox.');
  const fields = [...html.matchAll(/<input type="(?:hidden|checkbox|radio)" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]): [string, string] => [name!, unescaped(value!)]);
  return { action: unescaped(action), fields };
}

const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };
const unescaped = (text: string): string => text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]!);
