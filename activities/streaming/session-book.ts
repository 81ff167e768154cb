import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import { claimSession, endLeftSessions, endSessionRow, listAwaited, setMediaHost, touchSessions, type SessionClaim } from '../../db/stream-session.repository.ts';
import type { SessionEnd, SessionStarted } from '../../domain/contracts/stream.ts';
import { AppError } from '../../domain/errors.ts';
import { broadcastInput } from '../../domain/streaming/broadcast-input.ts';
import type { LiveSession, SessionBook, SessionRequest } from '../../media/live-session.ts';
import type { StagePool } from '../../media/stage.ts';
import { untilStored } from '../accounts/until-stored.ts';
import { createBroadcastStarter } from './broadcast-starter.ts';
import { createEncoderSession, type EncoderSession } from './encoder-session.ts';
import { createMediaPulse, endByTable } from './media-pulse.ts';
import { repeatedly } from './repeatedly.ts';

export interface SessionBookOptions {
  db: Db;
  client: Client;
  /** null: this host takes no encoders. */
  stages: StagePool | null;
  host: { id: string; task_queue: string };
  taskQueuePrefix: string;
  /** STREAM_SILENT_S, milliseconds. */
  silentMs: number;
  graceMs: number;
  logger: Logger;
}

const BEAT_MS = 1_000;
/** How long a claim waits for the end of the session before it to be written. */
const FORMER_END_MS = 2_000;
/** What is not written by then is found by the next process of this host. */
const CLOSE_MS = 5_000;
const TELL_FIRST_MS = 250;
const TELL_LONGEST_MS = 5_000;
const REFUSALS = { busy: 'stream_busy', over: 'stream_over', key_unknown: 'stream_key_unknown', suspended: 'account_suspended' } as const;

export function createSessionBook({ db, client, stages, host, taskQueuePrefix, silentMs, graceMs, logger }: SessionBookOptions): SessionBook {
  const starter = createBroadcastStarter(client, taskQueuePrefix);
  const pulse = createMediaPulse();
  const sessions = new Map<string, EncoderSession>();
  /** Claimed, or about to be: the table must not take them for those of a former process. */
  const held = new Set<string>();
  const endings = new Map<string, Promise<void>>();
  /** Stages without an encoder, and until when they wait for one: performance.now(). */
  const waiting = new Map<string, number>();
  const listeners = new Set<(session: LiveSession) => void>();
  let closing = false;

  const ofStream = (streamId: string): EncoderSession | null => [...sessions.values()].find(({ grant }) => grant.stream_id === streamId) ?? null;

  async function begin(request: SessionRequest): Promise<LiveSession> {
    if (!stages || closing) throw new AppError('media_full', stages ? 'this media host is being stopped' : 'this media host takes no encoders');
    const { grant, kind, ...caller } = request;
    const id = newId();
    held.add(id);
    try {
      await Promise.race([endings.get(grant.stream_id), delay(FORMER_END_MS, undefined, { ref: false })]);
      const claimed = await claim({ session_id: id, stream_id: grant.stream_id, kind, host_id: host.id, key_version: grant.key_version, ...caller });
      if (claimed.taken_over !== null) sessions.get(claimed.taken_over)?.end('taken_over', 'A newer session of the same stream took over.');
      return await openSession(stages, request, id, claimed);
    } catch (error) {
      held.delete(id);
      throw error;
    }
  }

  async function claim(claim: SessionClaim): Promise<{ epoch: number; scheduled_for: Date | null; taken_over: string | null }> {
    const outcome = await claimSession(db, claim, [...held]);
    if (outcome.kind === 'claimed') return outcome;
    throw new AppError(REFUSALS[outcome.kind]);
  }

  async function openSession(pool: StagePool, { grant, kind, request_id }: SessionRequest, id: string, claimed: { epoch: number; scheduled_for: Date | null }): Promise<LiveSession> {
    try {
      const stage = await pool.open(grant.stream_id);
      const session = createEncoderSession({ id, epoch: claimed.epoch, kind, grant, stage }, { announced: (it) => announce(it, claimed.scheduled_for, request_id), ended: written });
      waiting.delete(grant.stream_id);
      sessions.set(id, session);
      logger.info({ stream_id: grant.stream_id, session_id: id, epoch: session.epoch, kind, request_id }, 'an encoder has the stream');
      // The process began to stop while the stage was opened.
      if (closing) session.end('shutdown');
      return session;
    } catch (error) {
      store(grant.stream_id, id, { reason: 'bridge_failed', detail: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }

  function announce(session: EncoderSession, scheduled_for: Date | null, request_id: string | null): void {
    const { stream_id, workspace_id, record, key_version } = session.grant;
    for (const listener of listeners) hear(listener, session);
    const started: SessionStarted = {
      session_id: session.id,
      epoch: session.epoch,
      kind: session.kind,
      key_version,
      host_task_queue: host.task_queue,
      at_ms: Date.now(),
      request_id,
    };
    const input = broadcastInput({ id: stream_id, workspace_id, record, scheduled_for }, graceMs, request_id);
    whileItLasts(session, 'the stream’s workflow', async () => {
      await setMediaHost(db, stream_id, host.id);
      if (!(await starter.sessionStarted(input, started))) session.end('stream_ended', 'The stream is over.');
    });
  }

  /** One that fails must keep neither the others nor the workflow from hearing of it. */
  function hear(listener: (session: LiveSession) => void, session: EncoderSession): void {
    try {
      listener(session);
    } catch (error) {
      logger.error({ err: error, session_id: session.id }, 'what follows a session’s media could not begin');
    }
  }

  /** Tries again and again: media flows meanwhile, and people see it as soon as PostgreSQL and Temporal are back. */
  function whileItLasts(session: EncoderSession, what: string, tell: () => Promise<void>): void {
    const attempts = async (): Promise<void> => {
      for (let pause = TELL_FIRST_MS, failures = 0; session.over === null; pause = Math.min(pause * 2, TELL_LONGEST_MS), failures++) {
        try {
          return await tell();
        } catch (error) {
          if (failures === 0) logger.warn({ err: error, session_id: session.id }, `${what} can not be told now; trying while the session lasts`);
        }
        await Promise.race([delay(pause, undefined, { ref: false }), session.ended]);
      }
    };
    void attempts();
  }

  function written(session: EncoderSession, end: SessionEnd): void {
    const { stream_id } = session.grant;
    sessions.delete(session.id);
    waiting.set(stream_id, performance.now() + (end.reason === 'stream_ended' ? 0 : graceMs));
    logger.info({ stream_id, session_id: session.id, epoch: session.epoch, reason: end.reason, detail: end.detail }, 'an encoder’s session is over');
    store(stream_id, session.id, end);
  }

  function store(streamId: string, sessionId: string, end: Pick<SessionEnd, 'reason' | 'detail'>): void {
    const write = untilStored(() => endSessionRow(db, sessionId, end), logger, 'the end of a session')
      .catch((error: unknown) => logger.error({ err: error, session_id: sessionId }, 'the end of a session could not be stored'))
      .finally(() => {
        held.delete(sessionId);
        if (endings.get(streamId) === write) endings.delete(streamId);
      });
    endings.set(streamId, write);
  }

  async function beat(): Promise<void> {
    const all = [...sessions.values()];
    if (all.length > 0) {
      const grown = await pulse.beat(all);
      for (const session of all) if (pulse.silentForMs(session) > silentMs) session.end('silent', `No media for ${Math.round(silentMs / 1_000)} s.`);
      for (const news of await touchSessions(db, all.map(({ id }) => id), grown)) {
        const end = endByTable(news);
        if (end) sessions.get(news.id)?.end(end.reason, end.detail);
      }
    }
    await closeStages();
  }

  /** A stage outlives its encoder by the grace time, so that viewers need not connect again. */
  async function closeStages(): Promise<void> {
    if (waiting.size === 0) return;
    const awaited = await listAwaited(db, [...waiting.keys()], host.id);
    for (const [streamId, until] of waiting) {
      if (ofStream(streamId)) waiting.delete(streamId);
      else if (performance.now() >= until || !awaited.has(streamId)) {
        waiting.delete(streamId);
        stages?.close(streamId);
      }
    }
  }

  const left = untilStored(() => endLeftSessions(db, host.id, [...held]), logger, 'the end of sessions of a former process')
    .then((ids) => void (ids.length > 0 && logger.warn({ session_ids: ids }, 'sessions of a former process of this host are over')))
    .catch((error: unknown) => logger.error({ err: error }, 'sessions of a former process could not be ended'));

  const beating = repeatedly(BEAT_MS, beat, logger);
  return {
    begin,
    find: (sessionId) => sessions.get(sessionId) ?? null,
    ofStream,
    all: () => [...sessions.values()],
    onAnnounced(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      closing = true;
      for (const session of [...sessions.values()]) session.end('shutdown', 'The media host was stopped.');
      await Promise.race([Promise.all([beating.stop(), left, ...endings.values()]), delay(CLOSE_MS, undefined, { ref: false })]);
    },
  };
}
