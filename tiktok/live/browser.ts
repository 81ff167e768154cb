import { createWebSocketProvider, getRandomPresets, getWebConfig, getWebSocketConfigDefaults } from 'tiktok-live-connector';
import type { WebSocket } from 'ws';

/** What the connector would tell TikTok of the browser that it plays: one made-up device for each client. */
export interface Browser {
  userAgent: string;
  /** Query parameters of web and webcast calls. */
  params: Record<string, string>;
  /** Headers of web and webcast calls, without cookies. */
  headers: Record<string, string>;
  /** Opens the push socket with the connector's own parameters, heartbeat and room entry. */
  openSocket(options: SocketOptions): LiveSocket;
}

export interface SocketOptions {
  pushServer: URL;
  roomId: string;
  params: Record<string, string>;
  cookie: string;
  handshakeTimeoutMs: number;
  maxPayloadBytes: number;
}

/** The connector's WebSocket, with the two calls of its that we use. */
export type LiveSocket = WebSocket & { sendBytes(data: Uint8Array): boolean; switchRooms(roomId: string): void };

/** Cookies are ours to give; the connection is the HTTP client's. */
const OWN_HEADERS = new Set(['cookie', 'connection']);

export function createBrowser(heartbeatMs: number): Browser {
  const presets = getRandomPresets();
  const web = getWebConfig(presets);
  const socket = { ...getWebSocketConfigDefaults(presets), DEFAULT_WS_PING_INTERVAL: heartbeatMs };
  const headers = Object.entries<string>(web.DEFAULT_HTTP_CLIENT_HEADERS).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()));
  return {
    userAgent: presets.device.user_agent,
    params: { ...web.DEFAULT_HTTP_CLIENT_PARAMS },
    headers: Object.fromEntries(headers),
    openSocket: ({ pushServer, roomId, params, cookie, handshakeTimeoutMs, maxPayloadBytes }) => {
      // The connector puts its own "?" behind the address, so what the address already asks for moves to the parameters.
      const wsParams = { ...Object.fromEntries(pushServer.searchParams), ...params };
      const provider = createWebSocketProvider(socket, {
        handshakeTimeout: handshakeTimeoutMs,
        maxPayload: maxPayloadBytes,
        perMessageDeflate: false,
        followRedirects: false,
      });
      const client = provider({
        roomId,
        baseUrl: `${pushServer.protocol}//${pushServer.host}${pushServer.pathname}`,
        wsParams: wsParams as Parameters<typeof provider>[0]['wsParams'],
        wsHeaders: cookie ? { Cookie: cookie } : {},
      }) as unknown as LiveSocket;
      // The connector decodes asynchronously (frames overtake each other) and acknowledges before anybody has stored anything.
      client.removeAllListeners('message');
      return client;
    },
  };
}
