import { StartError } from '../supervisor/start-error.ts';

const TIMEOUT_MS = 20_000;

/** A signed-in person, who talks to Showrunner as anybody would: over HTTP. */
export class DemoApi {
  readonly baseUrl: string;
  #token: string | null = null;

  constructor(baseUrl: string) {
    this.baseUrl = baseUrl;
  }

  async signIn(email: string, password: string): Promise<void> {
    const { access_token } = await this.post<{ access_token: string }>('/api/auth/login', { email, password });
    this.#token = access_token;
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path);
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.#call<T>('POST', path, body);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>('PUT', path, body);
  }

  patch<T>(path: string): Promise<T> {
    return this.#call<T>('PATCH', path, {});
  }

  /** Of whoever has signed in. */
  get token(): string {
    if (this.#token === null) throw new Error('nobody has signed in');
    return this.#token;
  }

  /** Sends a form with a file, which is read from disk as it goes; that may take as long as it takes. */
  upload<T>(path: string, form: FormData, signal: AbortSignal): Promise<T> {
    return this.#send<T>('POST', path, { body: form, signal });
  }

  /** A response that goes on until `signal` ends it. */
  async stream(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await fetch(this.baseUrl + path, { headers: { ...this.#authorization(), ...headers }, signal });
    if (!response.ok || !response.body) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response.body;
  }

  #authorization(): Record<string, string> {
    return this.#token ? { authorization: `Bearer ${this.#token}` } : {};
  }

  #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const json = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return this.#send<T>(method, path, { ...json, signal: AbortSignal.timeout(TIMEOUT_MS) });
  }

  async #send<T>(method: string, path: string, { headers, ...init }: RequestInit): Promise<T> {
    const response = await fetch(this.baseUrl + path, { method, headers: { ...this.#authorization(), ...headers }, ...init });
    const text = await response.text();
    if (!response.ok) throw new StartError(`${method} ${path} was answered with ${response.status}: ${text}`);
    return (text === '' ? null : JSON.parse(text)) as T;
  }
}
