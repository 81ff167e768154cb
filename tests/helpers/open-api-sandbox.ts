import { createHash, randomBytes } from 'node:crypto';
import { SANDBOX_APP } from '../../domain/sandbox-app.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/server.ts';

export const ALL_SCOPES = ['user.info.basic', 'user.info.profile', 'user.info.stats', 'video.list', 'video.upload', 'video.publish'];
export const DIRECT = '/v2/post/publish/video/init/';
export const INBOX = '/v2/post/publish/inbox/video/init/';
export const PHOTO = '/v2/post/publish/content/init/';
export const STATUS = '/v2/post/publish/status/fetch/';
export const CREATOR = '/v2/post/publish/creator_info/query/';
export const CANCEL = '/v2/post/publish/cancel/';

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** null where it is not JSON. */
  json: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- answers of every shape, looked into by matchers
}

export interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  refresh_expires_in: number;
  open_id: string;
  scope: string;
}

/** A fresh sandbox and plain HTTP calls to its Open API half; nothing of the product's client. */
export class OpenApiSandbox {
  readonly #sandbox: Sandbox;
  readonly url: string;

  private constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.url = sandbox.url;
  }

  static start = async (options: SandboxOptions = {}): Promise<OpenApiSandbox> => new OpenApiSandbox(await createSandbox(options));
  close = (): Promise<void> => this.#sandbox.close();

  /** The control API. @throws where the status is not 2xx */
  control = async (method: string, path: string, body?: unknown): Promise<any> => { // eslint-disable-line @typescript-eslint/no-explicit-any
    const reply = await this.send(method, `/control/open-api${path}`, body === undefined ? {} : { body: JSON.stringify(body) });
    if (reply.status > 299) throw new Error(`${method} ${path}: ${reply.status} ${reply.text}`);
    return reply.json;
  };
  settings = (patch: object) => this.control('PATCH', '/settings', patch);
  advance = (ms: number) => this.control('POST', '/clock', { advance_ms: ms });
  fault = (fault: object) => this.control('POST', '/faults', fault);
  post = (publishId: string) => this.control('GET', `/posts/${encodeURIComponent(publishId)}`);

  async send(method: string, path: string, init: RequestInit = {}): Promise<Reply> {
    const response = await fetch(path.startsWith('http') ? path : this.url + path, { method, redirect: 'manual', ...init });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: jsonOf(text) };
  }

  form = (path: string, fields: Record<string, string>) => this.send('POST', path, { body: new URLSearchParams(fields) });
  token = (fields: Record<string, string>) => this.form('/v2/oauth/token/', { ...SANDBOX_APP, ...fields });
  refresh = (refreshToken: string) => this.token({ grant_type: 'refresh_token', refresh_token: refreshToken });

  api = (token: string, path: string, body: unknown = {}) =>
    this.send('POST', path, { headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=UTF-8' }, body: JSON.stringify(body) });
  user = (token: string, fields: string) => this.send('GET', `/v2/user/info/?fields=${fields}`, { headers: { authorization: `Bearer ${token}` } });
  status = (token: string, publishId: string) => this.api(token, STATUS, { publish_id: publishId });

  /** A new account of the test's own, with a pair of tokens. */
  async account(settings: object = {}, scopes?: string[]): Promise<Tokens & { username: string }> {
    const username = `t${randomBytes(6).toString('hex')}`;
    await this.control('POST', '/accounts', { username, ...settings });
    return { username, ...(await this.control('POST', `/accounts/${username}/grant`, scopes ? { scopes } : {})) };
  }

  authorize = (fields: Record<string, string>, cookie = '') =>
    this.send('GET', `/v2/auth/authorize/?${new URLSearchParams({ ...authorizeFields(), ...fields })}`, { headers: cookie ? { cookie } : {} });

  /** One PUT as TikTok wants it; the headers may be changed, or taken out with null. */
  put(uploadUrl: string, bytes: Buffer, range: string, headers: Record<string, string> = {}): Promise<Reply> {
    return this.send('PUT', uploadUrl, { body: new Uint8Array(bytes), headers: { 'content-type': 'video/mp4', 'content-range': range, ...headers } });
  }
}

export const authorizeFields = () => ({
  client_key: SANDBOX_APP.client_key,
  response_type: 'code',
  scope: ALL_SCOPES.join(','),
  redirect_uri: 'http://127.0.0.1:8080/api/auth/tiktok/callback',
  state: 'a state & more',
});

export const challengeOf = (verifier: string, encoding: 'hex' | 'base64url') => createHash('sha256').update(verifier).digest(encoding);

export const filePlan = (video_size: number, chunk_size = video_size, total_chunk_count = Math.floor(video_size / chunk_size)) => ({
  source: 'FILE_UPLOAD',
  video_size,
  chunk_size,
  total_chunk_count,
});
export const directBody = (source_info: object, post_info: object = {}) => ({
  post_info: { title: 'A clip #test', privacy_level: 'PUBLIC_TO_EVERYONE', ...post_info },
  source_info,
});

/** Begins as an MP4 does; the rest is noise. */
export function clip(size: number): Buffer {
  const bytes = randomBytes(size);
  bytes.write('\0\0\0\x18ftypisom', 0, 'latin1');
  return bytes;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
