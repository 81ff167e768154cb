import type { RoomTotals, WireEvent } from './live-event.ts';
import type { TikTokInput } from './livestream.ts';

/** One frame of the push socket (or the sign answer's first batch), in the order in which TikTok sent it. */
export interface LiveFrame {
  events: WireEvent[];
  totals: RoomTotals;
  /** Where to resume after this frame; null where the frame carries none. */
  cursor: string | null;
  /** Epoch milliseconds at which the socket had it. */
  received_at_ms: number;
  /** Messages that could not be decoded; they are counted, never hidden. */
  decode_failures: number;
  /** Bytes on the wire: the consumer's buffer is bounded by them. */
  bytes: number;
  /** Tells TikTok that the frame is ours. Called after it was stored. */
  ack(): void;
}

export interface RoomIdentity {
  room_id: string;
  username: string | null;
  title: string | null;
}

export type ConnectionEnd =
  | { kind: 'closed'; code: number; reason: string }
  | { kind: 'error'; error: string };

/** An open push socket. It never reconnects by itself. */
export interface LiveConnection {
  readonly room: RoomIdentity;
  readonly totals: RoomTotals;
  /** Resolves once, when the socket is gone for whatever reason. */
  readonly ended: Promise<ConnectionEnd>;
  /** WebSocket ping answered within `timeoutMs`? A dead socket can't answer. */
  ping(timeoutMs: number): Promise<boolean>;
  /** Stops reading from the socket while the consumer holds back; TCP then slows TikTok down. */
  pause(): void;
  resume(): void;
  /** Idempotent; resolves when the socket is closed. */
  close(): Promise<void>;
}

export interface OpenRequest {
  /** Whose turn at the sign service it is. */
  livestream_id: string;
  room_id: string;
  username: string | null;
  /** Where a predecessor stood; null on a first connect. */
  cursor: string | null;
  session_cookie: string | null;
  onFrame: (frame: LiveFrame) => void;
  signal: AbortSignal;
}

export type RoomState = 'live' | 'offline' | 'unknown';

/**
 * TikTok LIVE as the consumer sees it; made by createLiveClient of tiktok/live. Every method rejects with
 * LiveError (code of domain/errors.ts, reason for people, TikTok's own words in `detail`).
 */
export interface LiveClient {
  /** Username → room; room ids and short links too. Rejects with user_not_found, user_offline, … */
  resolveRoom(input: TikTokInput, sessionCookie: string | null, signal: AbortSignal): Promise<RoomIdentity & { state: RoomState }>;
  roomState(roomId: string, sessionCookie: string | null, signal: AbortSignal): Promise<RoomState>;
  open(request: OpenRequest): Promise<LiveConnection>;
}

/** The allowance of the sign service, shared by all rooms and workers. */
export interface SignBudget {
  /** Waits for its turn (first come, first served) and spends one call. Rejects with AbortError. */
  acquire(livestreamId: string, signal: AbortSignal): Promise<void>;
  /** What the sign service said of itself, from its answer's headers. */
  report(observation: SignObservation): Promise<void>;
}

export interface SignObservation {
  limit?: number;
  remaining?: number;
  /** Epoch milliseconds when the allowance is full again. */
  reset_at_ms?: number;
  /** Epoch milliseconds before which it must not be asked (Retry-After). */
  blocked_until_ms?: number;
}
