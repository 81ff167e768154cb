import { gzipSync } from 'node:zlib';
import { encodeFetchResult } from '../wire/frames.ts';

/** Messages that go out in one push frame. Encoded and compressed once, however many sockets get it. */
export interface Outgoing {
  readonly messages: readonly Uint8Array[];
  /** Sequence number of the newest message in it. */
  readonly lastSeq: number;
  readonly internalExt: string;
  plain(): Uint8Array;
  gzipped(): Uint8Array;
}

export interface OutgoingParts {
  messages: readonly Uint8Array[];
  lastSeq: number;
  cursor: string;
  now: number;
}

export function createOutgoing({ messages, lastSeq, cursor, now }: OutgoingParts): Outgoing {
  const internalExt = internalExtOf(cursor, lastSeq, now);
  let plain: Uint8Array | null = null;
  let gzipped: Uint8Array | null = null;
  const encode = (): Uint8Array =>
    (plain ??= encodeFetchResult({ messages, cursor, now, internalExt, needAck: true, fetchInterval: 1_000, heartbeatDuration: 10_000 }));
  return {
    messages,
    lastSeq,
    internalExt,
    plain: encode,
    // Level 1: at thousands of frames a second the sandbox must leave the processor to what it tests.
    gzipped: () => (gzipped ??= gzipSync(encode(), { level: 1 })),
  };
}

/** What a client hands back in its ack, in TikTok's form. */
export const internalExtOf = (cursor: string, seq: number, now: number): string =>
  `fetch_time:${now}|start_time:0|ack_ids:,,|flag:1|seq:${seq}|next_cursor:${cursor}|wss_info:0-${now}-0-0`;
