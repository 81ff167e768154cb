import type pg from 'pg';
import type { Db } from '../../db/client.ts';
import {
  claimLivestream,
  closeConnection,
  openConnection,
  releaseLivestream,
  setLivestreamRoom,
  setLivestreamStatus,
  type ConsumerState,
} from '../../db/consumer.repository.ts';
import type { RenderedAction } from '../../domain/contracts/action.ts';
import type { LiveClient, LiveConnection, RoomIdentity } from '../../domain/contracts/live-connection.ts';
import type { LiveEvent } from '../../domain/contracts/live-event.ts';
import type { ConsumeLivestreamInput, ConsumeOutcome } from '../../domain/contracts/livestream.ts';
import { AppError, ERRORS } from '../../domain/errors.ts';
import { parseTikTokInput } from '../../domain/tiktok-input.ts';
import { BatchWriter } from './batch-writer.ts';
import { Consumer, type ConsumerProgress } from './consumer.ts';
import type { Dispatcher } from './dispatcher.ts';
import { FrameQueue } from './frame-queue.ts';
import type { ErrorLog } from './log.ts';
import type { RuleCache, WorkspaceRulesRef } from './rule-cache.ts';
import { Watchdog } from './watchdog.ts';

export interface SessionDeps {
  db: Db;
  pool: pg.Pool;
  tiktok: LiveClient;
  rules: RuleCache;
  dispatcher: Dispatcher;
  /** Actions of a livestream that a predecessor stored and did not finish. */
  listPending: (livestreamId: string) => Promise<RenderedAction[]>;
  openSecret: (sealed: string) => string;
  /** The stable name of this worker process. */
  owner: string;
  streakQuietMs: number;
  silenceSuspectMs: number;
  onCommitted: (workspaceId: string, events: readonly LiveEvent[], executions: number) => void;
  /** Told once the socket stands. */
  onOpened: (livestreamId: string) => void;
  log: ErrorLog;
}

/**
 * One run of a livestream's consumer, from claiming it to giving it back.
 * @returns how it ended; null where `signal` ended it
 * @throws what is nobody's answer (PostgreSQL gone at the start, a bug): the activity is then tried again
 */
export async function consumeOnce(
  deps: SessionDeps,
  input: ConsumeLivestreamInput,
  onProgress: (progress: ConsumerProgress) => void,
  signal: AbortSignal,
): Promise<ConsumeOutcome | null> {
  const state = await claimLivestream(deps.db, input.livestream_id, deps.owner);
  if (!state) return { kind: 'refused', code: 'not_found', reason: 'The livestream was deleted or is over.' };
  const epoch = state.livestream.consumer_epoch;
  const rules = await deps.rules.acquire(state.livestream.workspace_id);
  try {
    await handOnPending(deps, input.livestream_id);
    return await connectAndConsume(deps, state, rules, onProgress, signal);
  } catch (error) {
    if (signal.aborted) return null;
    return toOutcome(error, state);
  } finally {
    rules.release();
    await releaseLivestream(deps.db, input.livestream_id, epoch);
  }
}

async function handOnPending(deps: SessionDeps, livestreamId: string): Promise<void> {
  // Also those: one that is settled while the list is read is in it as pending, and held no more.
  const before = deps.dispatcher.heldIds();
  for (const action of await deps.listPending(livestreamId)) {
    if (!before.has(action.id) && !deps.dispatcher.holds(action.id)) void deps.dispatcher.submit(action);
  }
}

async function connectAndConsume(
  deps: SessionDeps,
  state: ConsumerState,
  rules: WorkspaceRulesRef,
  onProgress: (progress: ConsumerProgress) => void,
  signal: AbortSignal,
): Promise<ConsumeOutcome | null> {
  const { livestream } = state;
  const cookie = livestream.session_cookie === null ? null : deps.openSecret(livestream.session_cookie);
  const room = await findRoom(deps, state, cookie, signal);
  if ('kind' in room) return room;
  const twin = await setLivestreamRoom(deps.db, livestream.id, room);
  if (twin) return { kind: 'refused', code: 'duplicate_session', reason: `${ERRORS.duplicate_session.message} (${twin})` };

  let connection: LiveConnection | null = null;
  let watchdog: Watchdog | null = null;
  const queue = new FrameQueue({ pause: () => connection?.pause(), resume: () => connection?.resume() });
  connection = await deps.tiktok.open({
    livestream_id: livestream.id,
    room_id: room.room_id,
    username: room.username,
    cursor: livestream.connected_at === null ? null : livestream.cursor,
    session_cookie: cookie,
    onFrame: (frame) => {
      watchdog?.sawFrame();
      queue.push(frame);
    },
    signal,
  });
  watchdog = new Watchdog({
    connection,
    roomState: () => deps.tiktok.roomState(room.room_id, cookie, signal).catch(() => 'unknown' as const),
    suspect_ms: deps.silenceSuspectMs,
  });
  return await consume({ deps, state, rules, connection, queue, watchdog, onProgress, signal });
}

interface OpenSession {
  deps: SessionDeps;
  state: ConsumerState;
  rules: WorkspaceRulesRef;
  connection: LiveConnection;
  queue: FrameQueue;
  watchdog: Watchdog;
  onProgress: (progress: ConsumerProgress) => void;
  signal: AbortSignal;
}

async function consume({ deps, state, rules, connection, queue, watchdog, onProgress, signal }: OpenSession): Promise<ConsumeOutcome | null> {
  const { livestream } = state;
  let reason = 'the consumer stopped';
  let connectionId: string | null = null;
  try {
    const opened = await openConnection(deps.db, livestream.id, connection.totals);
    connectionId = opened.id;
    await setLivestreamStatus(deps.db, livestream.id, { status: 'live' });
    deps.onOpened(livestream.id);
    const owner = { livestream_id: livestream.id, workspace_id: livestream.workspace_id, epoch: livestream.consumer_epoch };
    const outcome = await new Consumer({
      livestream_id: livestream.id,
      workspace_id: livestream.workspace_id,
      connection_id: opened.id,
      orphan_connection: opened.orphan,
      connection,
      queue,
      watchdog,
      writer: new BatchWriter({ pool: deps.pool, owner, last_position: livestream.last_position, streaks: state.streaks, recent_msg_ids: state.recent_msg_ids, rules, log: deps.log }),
      dispatcher: deps.dispatcher,
      streak_quiet_ms: deps.streakQuietMs,
      onCommitted: (events, executions) => deps.onCommitted(livestream.workspace_id, events, executions),
      onProgress,
      signal,
    }).run();
    reason = outcome?.reason ?? 'stopped on request';
    return outcome;
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
    throw error;
  } finally {
    await connection.close();
    if (connectionId) await closeConnection(deps.db, connectionId, reason, queue.dropped_events);
  }
}

/** Where to connect: the room that the session was in, or, before its first connect, the one that the input names now. */
async function findRoom(deps: SessionDeps, { livestream }: ConsumerState, cookie: string | null, signal: AbortSignal): Promise<RoomIdentity | ConsumeOutcome> {
  if (livestream.connected_at !== null && livestream.room_id !== null) {
    const state = await deps.tiktok.roomState(livestream.room_id, cookie, signal).catch(() => 'unknown' as const);
    if (state === 'offline') return { kind: 'live_ended', reason: 'The LIVE ended while there was no connection.' };
    return { room_id: livestream.room_id, username: livestream.tiktok_username, title: livestream.title };
  }
  const parsed = parseTikTokInput(livestream.tiktok_input);
  if (!parsed.ok) return { kind: 'refused', code: parsed.code, reason: ERRORS[parsed.code].message };
  const room = await deps.tiktok.resolveRoom(parsed.input, cookie, signal);
  if (room.state === 'offline') return { kind: 'not_live', code: 'user_offline', reason: ERRORS.user_offline.message };
  return room;
}

const NOT_LIVE = new Set(['user_offline', 'room_ended']);

/** What TikTok or the sign service answered, as an outcome for the workflow; anything else goes on as an error. */
function toOutcome(error: unknown, { livestream }: ConsumerState): ConsumeOutcome {
  if (!(error instanceof AppError)) throw error;
  const { code, message: reason } = error;
  if (code === 'superseded') throw error;
  const wasLive = livestream.connected_at !== null;
  if (NOT_LIVE.has(code)) return wasLive ? { kind: 'live_ended', reason: 'The LIVE ended while there was no connection.' } : { kind: 'not_live', code, reason };
  if (code === 'sign_rate_limited') {
    const retry_after_ms = (error as AppError & { retry_after_ms?: number | null }).retry_after_ms ?? 60_000;
    return { kind: 'rate_limited', code, reason, retry_after_ms };
  }
  return error.permanent ? { kind: 'refused', code, reason } : { kind: 'dropped', code, reason, frames: 0 };
}
