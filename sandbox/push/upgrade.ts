import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Registry } from '../rooms/registry.ts';

/** Takes WebSocket upgrades to the push path; the room is named by the query. @returns what closes all sockets */
export function acceptPushSockets(server: Server, path: string, registry: Registry): { close(): void } {
  // Pings are answered by PushSocket: a frozen one must not.
  const sockets = new WebSocketServer({ noServer: true, autoPong: false, perMessageDeflate: false, maxPayload: 1_048_576 });

  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    const url = new URL(request.url ?? '/', 'http://sandbox');
    if (!samePath(url.pathname, path)) return refuse(stream, '404 Not Found', 'NOT_FOUND');
    const roomId = url.searchParams.get('room_id') ?? '';
    const room = registry.byRoomId(roomId);
    if (!room) return refuse(stream, '403 Forbidden', 'ROOM_NOT_FOUND');
    if (room.status !== 'live' || room.roomId !== roomId) return refuse(stream, '403 Forbidden', 'ROOM_FINISHED');
    const query = Object.fromEntries(url.searchParams);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    room.observations.sawRequest({ at_ms: room.now(), route: 'push', status: 101, cookie: headers['cookie'] ?? null, query, headers });
    sockets.handleUpgrade(request, stream, head, (socket) => room.attach(socket, stream, query, headers));
  });

  return {
    close: () => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}

const samePath = (a: string, b: string): boolean => a.replace(/\/$/, '') === b.replace(/\/$/, '');

/** TikTok says why in the header handshake-msg. */
function refuse(stream: Duplex, status: string, reason: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nhandshake-msg: ${reason}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
}
