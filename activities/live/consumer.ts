import { AppError } from '../../domain/errors.ts';
import type { ConnectionEnd, LiveConnection, LiveFrame } from '../../domain/contracts/live-connection.ts';
import type { LiveEvent, RoomTotals } from '../../domain/contracts/live-event.ts';
import type { RenderedAction } from '../../domain/contracts/action.ts';
import type { ConsumeOutcome } from '../../domain/contracts/livestream.ts';
import type { DecidedBatch, OwnEvent, PendingEvent } from '../../domain/batch.ts';
import { closeQuiet } from '../../domain/streaks.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { FrameQueue } from './frame-queue.ts';
import type { Watchdog } from './watchdog.ts';

/** Most events of one transaction. */
const MAX_BATCH = 500;
/** How often quiet streaks, the watchdog and old state are looked at, milliseconds. */
const TICK_MS = 250;

export interface ConsumerParts {
  livestream_id: string;
  workspace_id: string;
  connection_id: string;
  /** What a predecessor that died left open. */
  orphan_connection: { id: string; since: Date } | null;
  connection: LiveConnection;
  queue: FrameQueue;
  writer: BatchWriter;
  watchdog: Watchdog;
  dispatcher: Dispatcher;
  streak_quiet_ms: number;
  /** After each commit: hints the feed, feeds Redis, counts metrics. */
  onCommitted: (events: readonly LiveEvent[], executions: number) => void;
  onProgress: (progress: ConsumerProgress) => void;
  signal: AbortSignal;
}

export interface ConsumerProgress {
  cursor: string | null;
  position: number;
  open_streaks: number;
  frames: number;
}

/**
 * Takes what the socket has brought, stores it with what it leads to, acknowledges it, and makes the first attempts;
 * until the LIVE ends, the socket is gone, or `signal` says stop. What was taken from the socket is stored before it
 * returns, and every first attempt is recorded.
 */
export class Consumer {
  readonly #parts: ConsumerParts;
  #cursor: string | null = null;
  #frames = 0;
  #liveEnded: string | null = null;
  #end: ConnectionEnd | null = null;
  #verdict: ConsumeOutcome | null = null;
  #nextTick = 0;
  readonly #listeningSince = Date.now();
  #checking: Promise<void> | null = null;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    void parts.connection.ended.then((end) => {
      this.#end = end;
      parts.queue.wake();
    });
    parts.signal.addEventListener('abort', () => parts.queue.wake(), { once: true });
  }

  /** How it ended, or null where `signal` ended it. */
  async run(): Promise<ConsumeOutcome | null> {
    const { queue, signal, connection } = this.#parts;
    await this.#store([...this.#orphan(), own('connect', this.#parts.connection_id, { room_id: connection.room.room_id, title: connection.room.title })], []);
    while (!this.#isOver()) {
      await queue.waitForWork(TICK_MS);
      if (queue.length > 0) await this.#storeFrames(queue.take(MAX_BATCH));
      await this.#tick();
    }
    const outcome = signal.aborted ? null : this.#outcome();
    await this.#finish(outcome);
    return outcome;
  }

  /** Whoever died without a word gets its disconnect event now, dated to when it was last heard of. */
  #orphan(): PendingEvent[] {
    const orphan = this.#parts.orphan_connection;
    if (!orphan) return [];
    const event = own('disconnect', orphan.id, { code: null, reason: 'The consumer stopped without notice.' });
    return [{ ...event, wire: { ...event.wire, occurred_at_ms: orphan.since.getTime() } }];
  }

  #isOver(): boolean {
    return this.#parts.signal.aborted || this.#liveEnded !== null || this.#verdict !== null || (this.#end !== null && this.#parts.queue.length === 0);
  }

  #outcome(): ConsumeOutcome {
    if (this.#liveEnded !== null) return { kind: 'live_ended', reason: this.#liveEnded };
    if (this.#verdict) return this.#verdict;
    const end = this.#end!;
    const detail = end.kind === 'closed' ? `close code ${end.code}${end.reason ? `: ${end.reason}` : ''}` : end.error;
    return { kind: 'dropped', code: 'socket_closed', reason: new AppError('socket_closed', detail).message, frames: this.#frames };
  }

  async #finish(outcome: ConsumeOutcome | null): Promise<void> {
    const { connection, queue, signal } = this.#parts;
    await connection.close();
    while (queue.length > 0) await this.#storeFrames(queue.take(MAX_BATCH));
    const code = outcome && 'code' in outcome ? outcome.code : null;
    const reason = outcome?.reason ?? (signal.reason instanceof Error ? signal.reason.message : 'stopped');
    await this.#store([own('disconnect', this.#parts.connection_id, { code, reason })], []);
    await this.#checking;
  }

  async #storeFrames(frames: readonly LiveFrame[]): Promise<void> {
    this.#frames += frames.length;
    this.#parts.watchdog.sawFrame();
    const pending = frames.flatMap((frame) => frame.events.map((wire): PendingEvent => ({ wire, received_at_ms: frame.received_at_ms })));
    await this.#store(pending, frames);
    for (const frame of frames) frame.ack();
    const ending = pending.find((event) => event.wire.type === 'live_end' && !event.wire.is_history);
    if (ending) {
      const { cause } = ending.wire.fields as { cause: string };
      this.#liveEnded = cause === 'suspended' ? 'TikTok suspended the LIVE.' : 'The streamer ended the LIVE.';
    }
  }

  async #store(pending: readonly PendingEvent[], frames: readonly LiveFrame[]): Promise<void> {
    const totals: RoomTotals = Object.assign({}, ...frames.map((frame) => frame.totals));
    const cursor = frames.findLast((frame) => frame.cursor !== null)?.cursor ?? null;
    const decode_failures = frames.reduce((sum, frame) => sum + frame.decode_failures, 0);
    const batch = await this.#parts.writer.write(
      pending,
      { cursor, viewer_count: totals.viewers ?? null, decode_failures, connection_id: this.#parts.connection_id, totals },
      this.#parts.signal,
    );
    this.#cursor = cursor ?? this.#cursor;
    this.#afterCommit(batch);
  }

  #afterCommit(batch: DecidedBatch): void {
    const { dispatcher, onCommitted, onProgress, writer, workspace_id } = this.#parts;
    for (const action of renderedActions(batch, workspace_id)) void dispatcher.submit(action);
    if (batch.events.length > 0) onCommitted(batch.events, batch.executions.length);
    onProgress({ cursor: this.#cursor, position: writer.lastPosition, open_streaks: writer.openStreakCount, frames: this.#frames });
  }

  async #tick(): Promise<void> {
    if (Date.now() < this.#nextTick) return;
    this.#nextTick = Date.now() + TICK_MS;
    const { writer, queue, streak_quiet_ms } = this.#parts;
    const closing = closeQuiet(writer.openStreaks, queue.takenUntil(Date.now()), streak_quiet_ms, this.#listeningSince);
    if (closing.length > 0) await this.#store(closing.map(({ wire }) => ({ wire, received_at_ms: wire.occurred_at_ms })), []);
    writer.forgetOld();
    this.#checking ??= this.#checkSocket().finally(() => {
      this.#checking = null;
    });
  }

  async #checkSocket(): Promise<void> {
    const verdict = await this.#parts.watchdog.check();
    if (verdict === 'dead') {
      this.#verdict = { kind: 'dropped', code: 'socket_silent', reason: new AppError('socket_silent').message, frames: this.#frames };
    } else if (verdict === 'room_ended') {
      this.#verdict = { kind: 'live_ended', reason: 'TikTok says that the LIVE is over.' };
    }
    if (this.#verdict) this.#parts.queue.wake();
  }
}

function own(type: 'connect' | 'disconnect', connectionId: string, fields: Record<string, unknown>): PendingEvent {
  const now = Date.now();
  const user = { user_id: null, username: null, nickname: null, avatar_url: null };
  const wire: OwnEvent = { type, msg_id: `${type}:${connectionId}`, occurred_at_ms: now, is_history: false, user, fields };
  return { wire, received_at_ms: now };
}

function renderedActions(batch: DecidedBatch, workspaceId: string): RenderedAction[] {
  return batch.executions.flatMap((execution) =>
    execution.actions.map((action) => ({
      id: action.id,
      execution_id: execution.id,
      workspace_id: workspaceId,
      livestream_id: execution.event.livestream_id,
      event_id: execution.event.id,
      rule_id: execution.rule.id,
      target: action.target,
      action: action.action,
      expires_at_ms: action.expires_at_ms,
      attempts: 0,
    })),
  );
}
