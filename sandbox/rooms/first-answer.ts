import { internalExtOf } from '../push/outgoing.ts';
import { asHistory, encodeBaseMessage, encodeFetchResult } from '../wire/frames.ts';
import { encodeEvent } from '../wire/messages.ts';
import type { Room } from './room.ts';

export interface FirstAnswerRequest {
  roomId: string;
  cursor: string | undefined;
  pushServer: string;
  /** Leaves the cursor out, as no faultless server does. */
  withoutCursor: boolean;
}

/**
 * The body of a sign answer: for a new client the backlog, marked as history; for one that resumes what it missed,
 * with a little from before; for a room that is over its end.
 */
export function firstAnswer(room: Room, request: FirstAnswerRequest): Uint8Array<ArrayBuffer> {
  const over = room.status !== 'live' || request.roomId !== room.roomId;
  const { messages, seq, isFirst } = over ? theEnd(room, request.roomId) : backlog(room, request.cursor);
  const cursor = request.withoutCursor ? '' : room.cursorAt(seq);
  const now = room.now();
  return Uint8Array.from(
    encodeFetchResult({
      messages,
      cursor,
      now,
      internalExt: internalExtOf(cursor, seq, now),
      fetchInterval: 1_000,
      heartbeatDuration: 10_000,
      pushServer: request.pushServer,
      routeParams: { imprp: `sandbox-${room.name}`, wrss: 'sandbox' },
      isFirst,
    }),
  );
}

interface Backlog {
  messages: Uint8Array[];
  /** Up to where it reaches. */
  seq: number;
  isFirst: boolean;
}

function backlog(room: Room, cursor: string | undefined): Backlog {
  const { overlap, history, sign_backlog } = room.settings;
  const resumed = room.seqOf(cursor);
  if (resumed === null)
    return { messages: room.log.newest(history).map(({ base }) => asHistory(base)), seq: room.log.lastSeq, isFirst: true };
  const again = room.log.after(resumed - Math.min(overlap, resumed), Math.min(overlap, resumed));
  const missed = room.log.after(resumed, sign_backlog);
  return { messages: [...again, ...missed].map(({ base }) => base), seq: missed.at(-1)?.seq ?? resumed, isFirst: false };
}

function theEnd(room: Room, roomId: string): Backlog {
  const msg_id = String(room.ids.next());
  const action = room.status === 'suspended' ? 'suspended' : 'ended';
  const control = encodeEvent({ type: 'control', user: null, action, tips: '', msg_id, created_at_ms: room.now() }, roomId);
  return { messages: [encodeBaseMessage(control, msg_id)], seq: room.log.lastSeq, isFirst: true };
}
