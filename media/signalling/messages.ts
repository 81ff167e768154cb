import type { types } from 'mediasoup';
import { z } from 'zod';
import type { ErrorCode } from '../../domain/errors.ts';

export const SIGNALLING_NAMESPACE = '/stage';
export const STAGE_ROLES = ['host', 'guest', 'viewer'] as const;
export type StageRole = (typeof STAGE_ROLES)[number];

const id = z.string().min(1).max(64);
const kind = z.enum(['audio', 'video']);
/** What only mediasoup itself can check in depth; the size of a message bounds it. */
const described = <T>() => z.custom<T>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const either = <const K extends string>(...keys: K[]) =>
  z.strictObject(Object.fromEntries(keys.map((key) => [key, id.optional()])) as Record<K, z.ZodOptional<typeof id>>).refine((given) => Object.values(given).filter(Boolean).length === 1, `one of ${keys.join(', ')}`);

/** What a client may ask; each is answered by an acknowledgement. */
export const REQUESTS = {
  join: z.strictObject({ stream_id: z.uuid().toLowerCase(), role: z.enum(STAGE_ROLES) }),
  leave: z.strictObject({}),
  capabilities: z.strictObject({}),
  producers: z.strictObject({}),
  createTransport: z.strictObject({ direction: z.enum(['send', 'recv']) }),
  connectTransport: z.strictObject({ transport_id: id, dtls_parameters: described<types.DtlsParameters>() }),
  restartIce: z.strictObject({ transport_id: id }),
  produce: z.strictObject({ transport_id: id, kind, rtp_parameters: described<types.RtpParameters>() }),
  consume: z.strictObject({ transport_id: id, producer_id: id, rtp_capabilities: described<types.RtpCapabilities>() }),
  setLayers: z.strictObject({ consumer_id: id, spatial_layer: z.int().min(0).max(8), temporal_layer: z.int().min(0).max(8).optional() }),
  pause: either('consumer_id', 'producer_id'),
  resume: either('consumer_id', 'producer_id'),
  close: either('consumer_id', 'producer_id', 'transport_id'),
  /** The host lets somebody come on stage. */
  invite: z.strictObject({ user_id: z.uuid().toLowerCase() }),
  /** The host sends a guest off, and takes the invitation back. */
  dismiss: z.strictObject({ user_id: z.uuid().toLowerCase() }),
  /** A signed-in viewer asks the host to be let on stage. */
  askToJoin: z.strictObject({}),
} as const;

export type RequestName = keyof typeof REQUESTS;
export type RequestOf<N extends RequestName> = z.infer<(typeof REQUESTS)[N]>;

export type SignallingAck = { ok: true; [fact: string]: unknown } | { ok: false; code: ErrorCode; message: string; /** The media host that has the stream: connect there. */ url?: string };

export interface PeerFacts {
  peer_id: string;
  user_id: string | null;
  name: string | null;
  role: StageRole;
}

export interface ProducerFacts {
  producer_id: string;
  kind: types.MediaKind;
  /** Part of what every viewer sees and what is recorded. */
  main: boolean;
  /** Peer or session that it belongs to. */
  participant_id: string;
}

/** What clients are told without asking. */
export interface ServerEvents {
  new_producer: (producer: ProducerFacts) => void;
  producer_closed: (producer: Pick<ProducerFacts, 'producer_id'>) => void;
  /** Hosts and guests only: of viewers there may be many. */
  peer_joined: (peer: PeerFacts) => void;
  peer_left: (peer: Pick<PeerFacts, 'peer_id'>) => void;
  /** All transports are gone: load `capabilities` again and make them anew. */
  stage_reset: (facts: { capabilities: types.RtpCapabilities }) => void;
  stage_closed: () => void;
  transport_closed: (facts: { transport_id: string }) => void;
  consumer_closed: (facts: { consumer_id: string; producer_id: string }) => void;
  /** To hosts: somebody asks to come on stage; `invite` lets them. */
  guest_asked: (peer: PeerFacts) => void;
  /** You may join as guest now. */
  invited: (facts: { stream_id: string }) => void;
  dismissed: (facts: { stream_id: string }) => void;
  /** To the host whose main picture it was. */
  session_ended: (facts: { reason: string; detail: string | null }) => void;
}
