import type { Hono } from 'hono';
import type { Logger } from 'pino';
import type { MediaGate, SessionBook } from '../live-session.ts';
import type { StagePool } from '../stage.ts';

export interface WebRtcRouteOptions {
  http: Hono;
  stages: StagePool;
  gate: MediaGate;
  sessions: SessionBook;
  /** This host; its public_url may be known only once it listens. */
  host: { id: string; public_url: string };
  /** Link headers for ICE_SERVERS. */
  links: readonly string[];
  trustedProxies: number;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** How long a client may take to connect, milliseconds. */
  connectMs?: number;
}

/** Where a session is: absolute, under the path at which a proxy may have put this host. OBS takes nothing relative. */
export const sessionPath = ({ host }: WebRtcRouteOptions, path: string): string => new URL(host.public_url).pathname.replace(/\/+$/, '') + path;
