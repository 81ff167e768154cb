import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status: number;
  headers?: { [name: string]: string };
  body?: string | Buffer;
  /** Never answers. */
  hang?: boolean;
}

export interface HttpTarget {
  url: string;
  port: number;
  requests: ReceivedRequest[];
  /** What it answers from now on. */
  answer: (request: ReceivedRequest) => Answer;
  /** Idempotent. */
  stop(): Promise<void>;
}

/** A server on every loopback address that remembers what it got. */
export async function startHttpTarget(answer: HttpTarget['answer'] = () => ({ status: 200 }), port = 0): Promise<HttpTarget> {
  const target: HttpTarget = { url: '', port: 0, requests: [], answer, stop: () => Promise.resolve() };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const received = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      target.requests.push(received);
      const { status, headers = {}, body = '', hang } = target.answer(received);
      if (!hang) response.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '0.0.0.0', resolve));
  target.port = (server.address() as AddressInfo).port;
  target.url = `http://127.0.0.1:${target.port}`;
  target.stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return target;
}
