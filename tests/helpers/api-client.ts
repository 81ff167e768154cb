import { randomUUID } from 'node:crypto';

/** An answer whose shape the caller states; where it does not, nothing is assumed. */
type Json = unknown;

/** A signed-in person who talks to the running product as anybody would: over HTTP. */
export class ApiClient {
  readonly baseUrl: string;
  readonly token: string;

  private constructor(baseUrl: string, token: string) {
    this.baseUrl = baseUrl;
    this.token = token;
  }

  /** Registers somebody new and signs in. */
  static async register(baseUrl: string): Promise<ApiClient> {
    const person = { email: `${randomUUID()}@example.test`, password: 'correct horse battery', full_name: 'Test Person' };
    await call(baseUrl, null, 'POST', '/api/auth/register', person);
    const { access_token } = await call<{ access_token: string }>(baseUrl, null, 'POST', '/api/auth/login', person);
    return new ApiClient(baseUrl, access_token);
  }

  get = <T = Json>(path: string): Promise<T> => call<T>(this.baseUrl, this.token, 'GET', path);
  post = <T = Json>(path: string, body: unknown = {}): Promise<T> => call<T>(this.baseUrl, this.token, 'POST', path, body);
  patch = <T = Json>(path: string, body: unknown = {}): Promise<T> => call<T>(this.baseUrl, this.token, 'PATCH', path, body);

  /** All pages of a list. */
  async all<T = Json>(path: string): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: T[]; next_cursor: string | null } = await this.get(`${path}${path.includes('?') ? '&' : '?'}limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    return items;
  }
}

/** @throws with the answer's text where its status is not 2xx */
export async function call<T>(baseUrl: string, token: string | null, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(token ? { authorization: `Bearer ${token}` } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === '' ? null : JSON.parse(text)) as T;
}

/** The sandbox's control API. */
export const controlOf = (sandboxUrl: string) => ({
  get: <T = Json>(path: string): Promise<T> => call<T>(sandboxUrl, null, 'GET', `/control${path}`),
  post: <T = Json>(path: string, body: unknown = {}): Promise<T> => call<T>(sandboxUrl, null, 'POST', `/control${path}`, body),
  patch: <T = Json>(path: string, body: unknown = {}): Promise<T> => call<T>(sandboxUrl, null, 'PATCH', `/control${path}`, body),
});
