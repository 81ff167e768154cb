import type { PushSocket } from '../push/push-socket.ts';
import type { Room } from './room.ts';

/** A room as the control API shows it. */
export function roomState(room: Room): object {
  const { sockets: closed, requests, requestCounts } = room.observations;
  const open = [...room.sockets];
  const sum = (key: 'frames_sent' | 'messages_sent' | 'acks' | 'acks_unknown' | 'heartbeats' | 'pings' | 'bad_client_frames'): number =>
    closed[key] + open.reduce((total, socket) => total + socket.stats[key], 0);
  return {
    name: room.name,
    room_id: room.roomId,
    status: room.status,
    settings: room.settings,
    created_at_ms: room.createdAt,
    live_since_ms: room.liveSince,
    cursor: room.cursorAt(room.log.lastSeq),
    messages_logged: room.log.lastSeq,
    traffic_running: room.traffic.running,
    totals: room.totals.read(),
    figures: room.figures,
    connected: open.length,
    sockets_opened: closed.opened,
    sockets_closed: closed.closed,
    close_codes: closed.close_codes,
    cut_for_backlog: closed.cut_for_backlog,
    frames_sent: sum('frames_sent'),
    messages_sent: sum('messages_sent'),
    acks: sum('acks'),
    acks_unknown: sum('acks_unknown'),
    heartbeats: sum('heartbeats'),
    pings: sum('pings'),
    bad_client_frames: sum('bad_client_frames'),
    request_counts: requestCounts,
    sign_calls: requestCounts['sign'] ?? 0,
    sockets: open.map(socketState),
    requests,
  };
}

const socketState = (socket: PushSocket): object => ({
  opened_at_ms: socket.openedAt,
  frozen: socket.frozen,
  unacked: socket.unacked,
  buffered_bytes: socket.buffered,
  last_seq: socket.lastSeq,
  ...socket.stats,
  query: socket.query,
  headers: socket.headers,
});
