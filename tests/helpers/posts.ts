import { serve } from '@hono/node-server';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createApp } from '../../api/app.ts';
import type { Router } from '../../api/context.ts';
import type { ApiConfig, ApiDeps } from '../../api/deps.ts';
import type { PostView } from '../../api/schemas/post.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import { seedAccount } from './analytics.ts';
import { createTestApi, type Person, type TestApi } from './test-api.ts';

export interface PostsApi extends TestApi {
  /** A person with a connected account. */
  marketer(): Promise<Person & { account: string }>;
  /** Files in storage, finished or not. */
  files(): Promise<string[]>;
  /** The same API with other parts. */
  with(over: Partial<ApiDeps>): Router;
}

/** The API with a storage whose files can be counted. */
export async function createPostsApi(config: Partial<ApiConfig> = {}): Promise<PostsApi> {
  const api = await createTestApi(config);
  const root = await mkdtemp(join(tmpdir(), 'showrunner-posts-'));
  const deps = { ...api.deps, media: createLocalStorage(root) };
  const app = createApp(deps);
  return {
    ...api,
    deps,
    app,
    call: async (method, path, { token, body, headers } = {}) => {
      const response = await app.request(path, {
        method,
        headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as never };
    },
    marketer: async () => {
      const person = await api.person();
      return { ...person, account: await seedAccount(api.database.db, person.workspace_id, { username: 'demo', display_name: 'Demo' }) };
    },
    files: async () => (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name),
    with: (over) => createApp({ ...deps, ...over }),
    close: async () => {
      await api.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

const box = (type: string, size: number): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(size);
  header.write(type, 4, 'latin1');
  return header;
};

/** The boxes of an MP4 file without its bytes of video: what is checked where there is no ffprobe. */
export const mp4Head = (videoBytes: number): Buffer =>
  Buffer.concat([box('ftyp', 16), Buffer.from('isom\0\0\x02\0', 'latin1'), box('moov', 24), Buffer.alloc(16), box('mdat', 8 + videoBytes)]);

export const mp4 = (videoBytes = 1_000): Buffer => Buffer.concat([mp4Head(videoBytes), Buffer.alloc(videoBytes, 7)]);

export const BOUNDARY = 'showrunner-test-boundary';
export const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`;
export const END = `\r\n--${BOUNDARY}--\r\n`;
export const partHead = (name: string, more = ''): string => `\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`;
export const fileHead = (name = 'clip.mp4'): string => partHead('file', `; filename="${name}"`).replace('\r\n\r\n', '\r\nContent-Type: video/mp4\r\n\r\n');

/** A multipart body as bytes. */
export const formOf = (...parts: (string | Buffer)[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part as string)));
export const postForm = (metadata: object, file: Buffer): Buffer => formOf(partHead('metadata'), JSON.stringify(metadata), fileHead(), file, END);

export interface Problem {
  code: string;
  detail: string;
  errors?: { field: string; message: string }[];
}
export type Created = { group_id: string; items: PostView[] };

/** Sends bytes as a multipart request, without a port. */
export async function sendForm<T = Created>(app: Router, token: string, body: Buffer, { path = '/api/posts', headers = {} as Record<string, string> } = {}) {
  const response = await app.request(path, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': MULTIPART, ...headers }, body: new Uint8Array(body) });
  return { status: response.status, body: (await response.json()) as T };
}

export const faultsIn = (body: unknown): Record<string, string> =>
  Object.fromEntries(((body as Problem).errors ?? []).map(({ field, message }) => [field, message]));

export interface Listening {
  port: number;
  close(): Promise<void>;
}

/** The API on a port, for what only a real connection shows. */
export async function listen(app: Router): Promise<Listening> {
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      if ('closeAllConnections' in server) server.closeAllConnections();
    }),
  };
}

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: unknown;
}

/** Sends a body as it comes, over a real connection; it need not be read to its end. */
export function sendRaw(port: number, headers: Record<string, string>, body: Readable): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/api/posts', headers });
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) as unknown }));
    });
    request.on('error', reject);
    body.on('error', () => request.destroy());
    body.pipe(request);
  });
}
