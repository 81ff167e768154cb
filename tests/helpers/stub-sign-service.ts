import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { batchOf, pushOf } from './webcast-bytes.ts';

export interface StubSignService {
  url: string;
  /** ws:// address of its push server. */
  pushUrl: string;
  requests: { url: string; headers: IncomingMessage['headers'] }[];
  /** What it does next, each replaceable. */
  onConnect: (response: ServerResponse) => void;
  onUpgrade: (stream: Duplex) => void;
  onSocket: (socket: WebSocket) => void;
  sockets: WebSocketServer;
  close(): Promise<void>;
}

/** A sign service and push server that answers exactly what a test says, also what no sandbox would. */
export async function startStubSignService(): Promise<StubSignService> {
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    stub.requests.push({ url: request.url ?? '', headers: request.headers });
    stub.onConnect(response);
  });
  server.on('upgrade', (request, stream: Duplex, head) => {
    stub.requests.push({ url: request.url ?? '', headers: request.headers });
    stream.on('error', () => stream.destroy());
    if (stub.onUpgrade !== accept) return stub.onUpgrade(stream);
    sockets.handleUpgrade(request, stream, head, (socket) => stub.onSocket(socket));
  });
  const connections = new Set<Socket>();
  server.on('connection', (socket) => void connections.add(socket.once('close', () => connections.delete(socket))));
  const accept = (): void => undefined;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stub: StubSignService = {
    url: `http://127.0.0.1:${port}`,
    pushUrl: `ws://127.0.0.1:${port}/push`,
    requests: [],
    onConnect: (response) => answerWith(response, batchOf([], { pushServer: stub.pushUrl })),
    onUpgrade: accept,
    onSocket: () => undefined,
    sockets,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      for (const connection of connections) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return stub;
}

export function answerWith(response: ServerResponse, body: Uint8Array | string, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'x-set-tt-cookie': 'ttwid=visitor; Path=/', ...headers }).end(body);
}

export const frameWith = (entries: Parameters<typeof batchOf>[0], given: object = {}): Buffer => pushOf(batchOf(entries), given);
