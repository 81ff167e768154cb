import type { PublishKind, SessionEnd, SessionEndReason, StreamLatency, StreamVisibility } from '../domain/contracts/stream.ts';
import type { Stage } from './stage.ts';

/** Who may publish: found by a stream key, or by a signed-in owner's token. Never holds the key. */
export interface PublishGrant {
  stream_id: string;
  workspace_id: string;
  user_id: string;
  /** null: by token. */
  key_version: number | null;
  record: boolean;
  latency: StreamLatency;
}

export interface ViewGrant {
  stream_id: string;
  visibility: StreamVisibility;
  /** Host that holds the stream's session, and where it is reached; null: nobody publishes. */
  host: { id: string; public_url: string } | null;
  latency: StreamLatency;
}

/** Says who may publish and watch. Expected refusals are AppErrors: stream_key_missing, stream_key_unknown, stream_over, unauthenticated, token_expired, not_found. */
export interface MediaGate {
  publisherByKey(key: string): Promise<PublishGrant>;
  /** An access token of the stream's owner, or of a member who may edit streams. */
  publisherByToken(token: string, streamId: string): Promise<PublishGrant>;
  /** `token`: access token or signed play token; public streams need none. */
  viewer(streamId: string, token: string | null): Promise<ViewGrant>;
  /** Who a Socket.IO handshake belongs to. */
  user(token: string | null): Promise<{ user_id: string; name: string }>;
}

export interface SessionRequest {
  grant: PublishGrant;
  kind: PublishKind;
  remote_address: string | null;
  user_agent: string | null;
  request_id: string | null;
}

/** One encoder's connection to one stream, from its claim to its end. */
export interface LiveSession {
  readonly id: string;
  readonly epoch: number;
  readonly kind: PublishKind;
  readonly grant: PublishGrant;
  readonly stage: Stage;
  readonly started_at: Date;
  /** Never rejects. */
  readonly ended: Promise<SessionEnd>;
  /** Media flows (its main producers are there): tells the `broadcast` workflow, and whoever listens to `announced`. Once. */
  announce(): Promise<void>;
  /** Ends it, once; the first reason counts. */
  end(reason: SessionEndReason, detail?: string | null): void;
}

export interface SessionBook {
  /**
   * Claims the stream for an encoder. A former session that still delivers media keeps it; a dead one is taken over.
   * @throws AppError stream_busy, stream_over, media_full
   */
  begin(request: SessionRequest): Promise<LiveSession>;
  find(sessionId: string): LiveSession | null;
  ofStream(streamId: string): LiveSession | null;
  all(): readonly LiveSession[];
  /** Called for each session whose media flows. @returns how to stop listening */
  onAnnounced(listener: (session: LiveSession) => void): () => void;
  /** Ends all of them for `shutdown`, and waits until that is written. */
  close(): Promise<void>;
}
