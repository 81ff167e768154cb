import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { serveRtmp, type ConnectionOptions } from './rtmp-connection.ts';

export interface RtmpServerOptions extends ConnectionOptions {
  host: string;
  /** 0: a free one. */
  port: number;
  /** More are closed at once. */
  maxConnections: number;
}

export interface RtmpServer {
  readonly port: number;
  /** Turns all connections away. */
  close(): Promise<void>;
}

/** Takes encoders by RTMP, on this port alone. @throws when the port is taken */
export async function listenRtmp({ host, port, maxConnections, ...connection }: RtmpServerOptions): Promise<RtmpServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serveRtmp(socket, connection);
  });
  server.maxConnections = maxConnections;
  server.on('drop', (dropped) => connection.logger.warn({ remote_address: dropped?.remoteAddress }, 'too many RTMP connections'));
  server.listen(port, host);
  await once(server, 'listening');
  server.on('error', (error) => connection.logger.error({ err: error }, 'the RTMP port failed'));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
