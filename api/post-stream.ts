import type { PostRow, TimelineRow } from '../db/post.repository.ts';
import { FINAL_POST_STATES } from '../domain/contracts/post.ts';
import type { PostFollower } from './post-hub.ts';
import { toProgress, toTimelineEntry } from './schemas/post.ts';
import { iso } from './schemas/query.ts';
import { createSseBody, orElse, RETRY_MS } from './sse-body.ts';

export interface PostStreamOptions {
  follower: PostFollower;
  /** Id of the last timeline entry that the client has; 0: none. */
  after: number;
  /** undefined: it was deleted. */
  readPost: () => Promise<PostRow | undefined>;
  /** Entries behind `cursor`, oldest first, one page of them; and those that came late between `after` and `cursor`. */
  readTimeline: (cursor: number, after: number) => Promise<TimelineRow[]>;
  heartbeatMs: number;
  /** What a lost hint may cost. */
  pollMs: number;
  /** May the caller still see this? Asked in the heartbeat's rhythm; false ends the stream. */
  stillAllowed: () => Promise<boolean>;
  /** Each of them ends the stream. */
  signals: readonly AbortSignal[];
  onError: (error: unknown) => void;
}

/** Ids of one stream that are remembered; entries that commit late are younger than this. */
const REMEMBERED = 2_000;

/**
 * The life of a post as server-sent events: `timeline` under its id, `progress` whenever state or bytes change, and `end` with the
 * last of it, after which the stream ends. It is read only as fast as the client takes it.
 */
export const createPostStream = (options: PostStreamOptions): ReadableStream<Uint8Array> =>
  createSseBody({ chunks: produce(options), follower: options.follower, signals: options.signals });

async function* produce(options: PostStreamOptions): AsyncGenerator<string, void> {
  const { follower, after, heartbeatMs, pollMs, onError } = options;
  const sent = new Set<number>();
  let cursor = after;
  let shown = '';
  let sentAt = Date.now();
  let checkedAt = sentAt;
  yield `retry: ${RETRY_MS}\n\n`;
  while (!follower.closed) {
    if (Date.now() - checkedAt >= heartbeatMs) {
      if (!(await orElse(options.stillAllowed, true, onError))) return;
      checkedAt = Date.now();
    }
    const place = cursor;
    const look = await orElse(() => lookAt(options, place), null, onError);
    if (look) {
      const entries = look.entries.filter(({ id }) => !sent.has(id));
      for (const entry of entries) {
        cursor = Math.max(cursor, entry.id);
        remember(sent, entry.id);
      }
      let text = entries.map((entry) => event('timeline', toTimelineEntry(entry), cursor)).join('');
      const progress = look.post === undefined ? null : progressOf(look.post);
      const next = JSON.stringify(progress);
      const over = progress === null || FINAL_POST_STATES.includes(progress.state);
      // Whoever is told of the end has been told of all that led there.
      const isEnd = over && entries.length === 0;
      if (isEnd) text += event('end', progress ?? { deleted: true }, cursor);
      else if (next !== shown && !over) text += event('progress', progress, cursor);
      shown = next;
      if (text !== '') {
        sentAt = Date.now();
        yield text;
      }
      if (isEnd) return;
      if (entries.length > 0) continue;
    }
    if (Date.now() - sentAt >= heartbeatMs) {
      sentAt = Date.now();
      yield ': keep-alive\n\n';
    }
    await follower.wait(Math.max(1, Math.min(pollMs, sentAt + heartbeatMs - Date.now())));
  }
}

/** The row first: what it says has been written to the timeline by then. */
async function lookAt({ readPost, readTimeline, after }: PostStreamOptions, cursor: number) {
  const post = await readPost();
  return { post, entries: await readTimeline(cursor, after) };
}

export const progressOf = (post: PostRow) => ({
  id: post.id,
  run: post.run,
  state: post.state,
  state_code: post.state_code,
  state_reason: post.state_reason,
  ...toProgress(post),
  tiktok_post_ids: post.tiktok_post_ids,
  permalink: post.permalink,
  updated_at: iso(post.updated_at),
});

/** The id is the furthest place, also for an entry that came late: a client comes back to that. */
const event = (name: string, data: object | null, place: number): string => `${place > 0 ? `id: ${place}\n` : ''}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

function remember(sent: Set<number>, id: number): void {
  sent.add(id);
  if (sent.size <= REMEMBERED) return;
  const [oldest] = sent;
  sent.delete(oldest!);
}
