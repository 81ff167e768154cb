import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface S3Server {
  url: string;
  objects: Map<string, Buffer>;
  /** Uploads in parts that were neither completed nor aborted. */
  unfinished: Map<string, Map<number, Buffer>>;
  /** The next requests of this method are answered with 500. */
  fail(method: string, times: number): void;
  close(): Promise<void>;
}

/** The part of S3's wire that the storage uses: https://docs.aws.amazon.com/AmazonS3/latest/API/ */
export async function startS3Server(): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const unfinished = new Map<string, Map<number, Buffer>>();
  const failing = new Map<string, number>();
  const server = createServer((request, response) => void handle(request, response));

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, 'http://s3');
    const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
    const body = await bodyOf(request);
    const left = failing.get(request.method!) ?? 0;
    if (left > 0) {
      failing.set(request.method!, left - 1);
      return void response.writeHead(500).end(fault('InternalError'));
    }
    const uploadId = searchParams.get('uploadId') ?? '';
    if (request.method === 'POST' && searchParams.has('uploads')) {
      const id = randomUUID();
      unfinished.set(id, new Map());
      return void response.end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    }
    if (request.method === 'POST') {
      const parts = [...unfinished.get(uploadId)!].sort(([a], [b]) => a - b).map(([, part]) => part);
      unfinished.delete(uploadId);
      objects.set(key, Buffer.concat(parts));
      return void response.end(`<CompleteMultipartUploadResult><ETag>"${tag(objects.get(key)!)}"</ETag></CompleteMultipartUploadResult>`);
    }
    if (request.method === 'PUT') {
      if (uploadId) unfinished.get(uploadId)?.set(Number(searchParams.get('partNumber')), body);
      else objects.set(key, body);
      return void response.writeHead(200, { etag: `"${tag(body)}"` }).end();
    }
    if (request.method === 'DELETE') {
      if (uploadId) unfinished.delete(uploadId);
      else objects.delete(key);
      return void response.writeHead(204).end();
    }
    const object = objects.get(key);
    if (!object) return void response.writeHead(404).end(request.method === 'HEAD' ? undefined : fault('NoSuchKey'));
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const slice = first === undefined ? object : object.subarray(Number(first), Number(last) + 1);
    response.writeHead(first === undefined ? 200 : 206, { 'content-length': slice.length, etag: `"${tag(object)}"` });
    response.end(request.method === 'HEAD' ? undefined : slice);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    unfinished,
    fail: (method, times) => void failing.set(method, times),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const tag = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');
const fault = (code: string): string => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;

/** The SDK may send a body in aws-chunked encoding: sizes and signatures between the bytes. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  if (!/aws-chunked/.test(request.headers['content-encoding'] ?? '')) return raw;
  const parts: Buffer[] = [];
  for (let at = 0; at < raw.length; ) {
    const end = raw.indexOf('\r\n', at);
    const size = Number.parseInt(raw.subarray(at, end).toString().split(';')[0]!, 16);
    if (!size) break;
    parts.push(raw.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(parts);
}
