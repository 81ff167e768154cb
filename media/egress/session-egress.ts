import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import type { LiveSession } from '../live-session.ts';
import type { EgressObserver } from './egress-observer.ts';
import { startMediaRun, type MediaRun, type RunEnd } from './media-run.ts';
import type { Packager } from './packager.ts';

export interface SessionEgressOptions {
  session: LiveSession;
  packager: Packager;
  ffmpeg: string;
  /** No fragment for so long while the encoder delivers: ffmpeg hangs. Milliseconds. */
  stallMs: number;
  observer: EgressObserver;
  /** Tells people; `key`: what is told once. */
  tell: (code: ErrorCode, key: string, detail: string) => void;
  logger: Logger;
}

export interface SessionEgress {
  /** The ffmpeg that runs now. */
  readonly pid: number | null;
  askKeyframe(): void;
  /** The session is over, and so is what was begun for it. Never rejects. */
  readonly ended: Promise<void>;
}

const WATCH_MS = 1_000;
/** Producers of one encoder come one by one: the next run waits so long for the rest of them. */
const SETTLE_MS = 150;
/** Runs that end within this follow each other more and more slowly. */
const SHORT_RUN_MS = 4_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** Has one ffmpeg at work for as long as the session lasts, and another one when that ends, hangs, or the producers change. */
export function startSessionEgress({ session, packager, ffmpeg, stallMs, observer, tell, logger }: SessionEgressOptions): SessionEgress {
  const { stage } = session;
  const over = new AbortController();
  let run: MediaRun | null = null;
  let changing: NodeJS.Timeout | undefined;
  let wake: (() => void) | null = null;
  let runs = 0;

  const mains = (): string[] => (['video', 'audio'] as const).flatMap((kind) => stage.main(kind)?.id ?? []);
  /** A stage whose media worker died has nothing to tell. */
  const received = (): Promise<number> => stage.receivedBytes().catch(() => 0);
  const changed = (detail: string): void => {
    wake?.();
    clearTimeout(changing);
    changing = setTimeout(() => void run?.end({ kind: 'changed', detail }), SETTLE_MS);
  };
  const listening = [
    stage.on('producer', ({ producer, main }) => {
      if (main && !run?.producers.has(producer.id)) changed(`${producer.kind} began`);
    }),
    stage.on('producer_gone', ({ producer }) => {
      if (run?.producers.has(producer.id)) changed(`${producer.kind} ended`);
    }),
    stage.on('reset', () => changed('the media worker died')),
  ];
  const reasonOver = session.ended.then(({ reason }) => {
    over.abort();
    void run?.end({ kind: 'session_over', detail: reason });
    return reason;
  });

  /** @returns whether there is something to take */
  async function producersThere(): Promise<boolean> {
    while (!over.signal.aborted && mains().length === 0) {
      await Promise.race([new Promise<void>((resolve) => (wake = resolve)), reasonOver]);
    }
    if (!over.signal.aborted) await delay(SETTLE_MS, undefined, { signal: over.signal }).catch(() => undefined);
    return !over.signal.aborted && mains().length > 0;
  }

  async function begin(): Promise<MediaRun | null> {
    try {
      return await startMediaRun({
        stage,
        ffmpeg,
        onInit: (init, mediaZero) => packager.begin(init, mediaZero),
        onFragment(fragment) {
          observer.fragment(fragment.bytes.length);
          packager.push(fragment);
        },
        onLine: (line) => logger.debug({ stream_id: session.grant.stream_id, ffmpeg: line }, 'ffmpeg of the egress'),
      });
    } catch (error) {
      // The producers went, or there is no mediasoup worker in this moment.
      logger.warn({ err: error, stream_id: session.grant.stream_id }, 'the egress could not begin');
      return null;
    }
  }

  /** @returns how the run ended */
  async function carry(current: MediaRun): Promise<RunEnd> {
    let bytes = await received();
    let deliveredAt = performance.now();
    // After a pause of the encoder ffmpeg has as long as ever: what it gives comes after what it is given.
    let resumedAt = 0;
    const watch = setInterval(() => {
      void received().then((now) => {
        if (now > bytes) {
          if (performance.now() - deliveredAt > 2 * WATCH_MS) resumedAt = performance.now();
          deliveredAt = performance.now();
        }
        bytes = now;
        const silent = performance.now() - Math.max(current.heardAt, resumedAt);
        if (silent < stallMs || performance.now() - deliveredAt > 2 * WATCH_MS) return;
        void current.end({ kind: 'stalled', detail: `nothing for ${Math.round(silent / 1_000)} s` });
      });
    }, WATCH_MS);
    const end = await current.ended;
    clearInterval(watch);
    // An encoder that sends nothing has ffmpeg end, too: that is the session's matter.
    const quiet = end.kind === 'failed' && performance.now() - deliveredAt > 2 * WATCH_MS;
    return quiet ? { kind: 'changed', detail: 'the encoder sends nothing' } : end;
  }

  function report(end: RunEnd, current: MediaRun): void {
    const { stream_id } = session.grant;
    const fields = { stream_id, session_id: session.id, pid: current.pid, fragments: current.fragments, why: end.kind, detail: end.detail };
    observer.runEnded(end.kind);
    if (end.kind === 'session_over' || end.kind === 'changed') return logger.info(fields, 'the egress ended a run');
    const code = !current.hasKeyframe ? 'no_keyframes' : end.kind === 'failed' ? 'ffmpeg_failed' : 'recording_stalled';
    logger.error({ ...fields, code }, ERRORS[code].message);
    observer.trouble(code);
    // Keyframes do not come by waiting: said once a session.
    tell(code, code === 'no_keyframes' ? session.id : `${session.id}:${runs}`, end.detail);
  }

  async function work(): Promise<void> {
    for (let failures = 0; !over.signal.aborted; ) {
      if (!(await producersThere())) continue;
      const begunAt = performance.now();
      run = await begin();
      if (run) {
        runs++;
        observer.runBegan();
        const now = mains();
        if (now.length !== run.producers.size || now.some((id) => !run!.producers.has(id))) changed('producers came or went while ffmpeg began');
        if (over.signal.aborted) void run.end({ kind: 'session_over', detail: await reasonOver });
        const end = await carry(run);
        packager.end(end.kind === 'session_over' ? end.detail : end.kind === 'stalled' ? 'recording_stalled' : end.kind === 'failed' ? 'ffmpeg_failed' : `changed: ${end.detail}`);
        report(end, run);
        failures = run.fragments > 0 && performance.now() - begunAt > SHORT_RUN_MS ? 0 : failures + 1;
        run = null;
      } else failures++;
      if (failures > 0) await delay(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 8), LONGEST_PAUSE_MS), undefined, { signal: over.signal }).catch(() => undefined);
    }
  }

  const ended = work()
    .catch((error: unknown) => logger.error({ err: error, stream_id: session.grant.stream_id }, 'the egress of a session failed'))
    .finally(() => {
      clearTimeout(changing);
      for (const stop of listening) stop();
    });
  return {
    get pid() {
      return run?.pid ?? null;
    },
    askKeyframe: () => run?.askKeyframe(),
    ended,
  };
}
