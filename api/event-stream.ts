import { setTimeout as delay } from 'node:timers/promises';
import type { FeedCursor, FeedEntry } from '../db/feed.repository.ts';
import type { RuleEventType } from '../domain/contracts/rule.ts';
import type { FeedFollower } from './feed-follower.ts';
import { createSseBody, orElse, RETRY_MS } from './sse-body.ts';

export const STREAM_TYPES_EXTRA = 'notification';
export type StreamType = RuleEventType | typeof STREAM_TYPES_EXTRA;

export interface StreamFilter {
  livestream_id?: string | undefined;
  types?: ReadonlySet<StreamType> | undefined;
  /** What the member's role may not see. */
  hidden?: ReadonlySet<string> | undefined;
}

export interface EventStreamOptions {
  follower: FeedFollower;
  start: FeedCursor;
  /** The client's place is not there any more: it is told so before anything else. */
  startLost: boolean;
  filter: StreamFilter;
  heartbeatMs: number;
  /** May the caller still see this? Asked in the heartbeat's rhythm; false ends the stream. */
  stillAllowed: () => Promise<boolean>;
  /** Each of them ends the stream. */
  signals: readonly AbortSignal[];
  onError: (error: unknown) => void;
}

/** After a failed read; the stream itself stays open, for a browser never comes back after a refusal. */
const READ_AGAIN_MS = 1_000;

/**
 * The workspace's feed as server-sent events. It is read only when the client has taken what came before, so a slow
 * client holds one page at most; what it has not read waits in the table.
 */
export const createEventStream = (options: EventStreamOptions): ReadableStream<Uint8Array> =>
  createSseBody({ chunks: produce(options), follower: options.follower, signals: options.signals });

async function* produce(options: EventStreamOptions): AsyncGenerator<string, void> {
  const { follower, filter, heartbeatMs, onError } = options;
  let cursor = options.start;
  let sentAt = Date.now();
  let checkedAt = sentAt;
  // An id without data moves the client's place and calls no listener: a stream that breaks before its first event resumes too.
  yield `retry: ${RETRY_MS}\n${idLine(cursor)}\n`;
  if (options.startLost) yield reset(cursor);
  while (!follower.closed) {
    if (Date.now() - checkedAt >= heartbeatMs) {
      if (!(await orElse(options.stillAllowed, true, onError))) return;
      checkedAt = Date.now();
    }
    const from = cursor;
    const page = await orElse(() => follower.read(from), null, onError);
    if (page?.skipped) yield reset({ seq: (page.entries[0]?.seq ?? page.next.seq) - 1, position: null });
    const text = page ? render(page.entries, filter) : '';
    const moved = page !== null && (page.next.seq !== cursor.seq || page.next.position !== cursor.position);
    cursor = page?.next ?? cursor;
    if (text !== '' || Date.now() - sentAt >= heartbeatMs) {
      sentAt = Date.now();
      yield text === '' ? `: keep-alive\n${idLine(cursor)}\n` : text;
    }
    if (page === null) await delay(Math.min(READ_AGAIN_MS, heartbeatMs));
    else if (!moved) await follower.wait(Math.max(1, sentAt + heartbeatMs - Date.now()));
  }
}

function render(entries: readonly FeedEntry[], { livestream_id, types, hidden }: StreamFilter): string {
  let text = '';
  for (const { seq, livestream_id: source, item } of entries) {
    if (livestream_id !== undefined && source !== livestream_id) continue;
    if (types !== undefined && !types.has(item.type)) continue;
    if (hidden?.has(item.type)) continue;
    // Only events of LIVEs share a seq.
    const id = 'position' in item ? `${seq}-${item.position}` : `${seq}`;
    text += `id: ${id}\nevent: ${item.type}\ndata: ${JSON.stringify(item)}\n\n`;
  }
  return text;
}

const idLine = ({ seq, position }: FeedCursor): string => `id: ${position === null ? seq : `${seq}-${position}`}\n`;

const reset = (cursor: FeedCursor): string =>
  `${idLine(cursor)}event: reset\ndata: ${JSON.stringify({
    type: 'reset',
    reason: 'cursor_expired',
    message: 'What followed your last event is kept no longer; the stream goes on with the oldest that is. Read the rest from the lists.',
  })}\n\n`;
