import type { PushSocket } from '../push/push-socket.ts';

/** A request's cookies and other marks, kept so that tests can see who was shown what. */
export interface SeenRequest {
  at_ms: number;
  route: string;
  status: number;
  cookie: string | null;
  query: Record<string, string>;
  headers: Record<string, string>;
}

export interface ClosedSockets {
  opened: number;
  closed: number;
  close_codes: Record<string, number>;
  frames_sent: number;
  messages_sent: number;
  acks: number;
  acks_unknown: number;
  heartbeats: number;
  pings: number;
  bad_client_frames: number;
  cut_for_backlog: number;
}

export interface Observations {
  sawRequest(request: SeenRequest): void;
  socketOpened(): void;
  socketClosed(socket: PushSocket): void;
  /** The newest requests, oldest first. */
  readonly requests: readonly SeenRequest[];
  readonly requestCounts: Readonly<Record<string, number>>;
  readonly sockets: Readonly<ClosedSockets>;
}

const REQUEST_MEMORY = 200;
const SUMMED = ['frames_sent', 'messages_sent', 'acks', 'acks_unknown', 'heartbeats', 'pings', 'bad_client_frames'] as const;

export function createObservations(): Observations {
  const requests: SeenRequest[] = [];
  const requestCounts: Record<string, number> = {};
  const sockets: ClosedSockets = {
    opened: 0,
    closed: 0,
    close_codes: {},
    frames_sent: 0,
    messages_sent: 0,
    acks: 0,
    acks_unknown: 0,
    heartbeats: 0,
    pings: 0,
    bad_client_frames: 0,
    cut_for_backlog: 0,
  };
  return {
    requests,
    requestCounts,
    sockets,
    sawRequest: (request) => {
      requests.push(request);
      if (requests.length > REQUEST_MEMORY) requests.shift();
      requestCounts[request.route] = (requestCounts[request.route] ?? 0) + 1;
    },
    socketOpened: () => {
      sockets.opened += 1;
    },
    socketClosed: ({ stats, closeCode }) => {
      sockets.closed += 1;
      sockets.close_codes[String(closeCode)] = (sockets.close_codes[String(closeCode)] ?? 0) + 1;
      for (const key of SUMMED) sockets[key] += stats[key];
      if (stats.cut_for_backlog) sockets.cut_for_backlog += 1;
    },
  };
}
