import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { DEFAULT_CUTTING, type SegmenterOptions } from '../../domain/streaming/segmenter.ts';
import type { HlsArchive } from '../hls/archive.ts';
import { LiveWindows, type LiveStreamWindow } from '../hls/live-windows.ts';
import type { LiveSession } from '../live-session.ts';
import type { RecordingLedger } from '../recording-ledger.ts';
import { createBringIn, type BringIn } from '../recording/bring-in.ts';
import { createLedgerQueue, type LedgerQueue } from '../recording/ledger-queue.ts';
import { Recorder } from '../recording/recorder.ts';
import { recordingDisk, type RecordingDisk } from '../recording/recording-disk.ts';
import type { MediaStorage } from '../storage.ts';
import type { EgressObserver } from './egress-observer.ts';
import { Packager } from './packager.ts';
import { startSessionEgress, type SessionEgress } from './session-egress.ts';
import { createThumbnails, type ThumbnailState } from './thumbnails.ts';

export interface EgressOptions {
  ffmpeg: string;
  /** Folder of this host for what is being recorded. */
  folder: string;
  storage: MediaStorage;
  ledger: RecordingLedger;
  archive: HlsArchive;
  observer: EgressObserver;
  newId: () => string;
  logger: Logger;
  disk?: RecordingDisk;
  cutting?: SegmenterOptions;
  windowSegments?: number;
  stallMs?: number;
  thumbnailMs?: number;
  /** Free bytes from which on a disk that was full is written to again. */
  leastRoom?: number;
}

export interface Egress {
  readonly windows: LiveWindows;
  readonly bringIn: BringIn;
  readonly cutting: SegmenterOptions;
  /** Lines that wait for the database. */
  ledgerBacklog(): number;
  sessions(): number;
  /** Follows a session whose media flows until it is over. */
  follow(session: LiveSession): void;
  /** ffmpeg of a session. */
  pidOf(sessionId: string): number | null;
  /** Sessions have ended before. What is not in storage or in the ledger by then is brought in by the next process. */
  close(): Promise<void>;
}

interface Followed {
  stream_id: string;
  egress: SessionEgress | null;
  queue: LedgerQueue;
  /** Runs that are written. */
  runs: Set<string>;
  done: Promise<void>;
}

/** A minute of video to go back in. */
export const WINDOW_SEGMENTS = 30;
const STALL_MS = 10_000;
const PRUNE_MS = 30_000;
const RETRY_MS = 500;
const CLOSE_MS = 4_000;

/** HLS and recording of all sessions of this host. */
export function createEgress(options: EgressOptions): Egress {
  const { ffmpeg, folder, storage, ledger, archive, observer, newId, logger, disk = recordingDisk, cutting = DEFAULT_CUTTING } = options;
  const windows = new LiveWindows({ disk, ledger, archive, segments: options.windowSegments ?? WINDOW_SEGMENTS, part_ms: cutting.part_ms, logger });
  const followed = new Map<string, Followed>();
  const queues = new Set<LedgerQueue>();
  const thumbnails = createThumbnails({ ffmpeg, storage, ...(options.thumbnailMs ? { everyMs: options.thumbnailMs } : {}), onTaken: (streamId, at) => ledger.thumbnailTaken(streamId, at), logger });
  const active = { has: (runId: string) => windows.hasRun(runId) || [...followed.values()].some(({ runs }) => runs.has(runId)) };
  const bringIn = createBringIn({ disk, ledger, storage, folder, active, onStored: (...of) => windows.stored(...of), onStorage: storageChanged, logger });
  const pruning = setInterval(() => void windows.prune(), PRUNE_MS);
  pruning.unref();
  const closing = new AbortController();
  let outages = 0;

  /** Told by a queue of its own: it must not hold up the lines of a recording, nor wait for one. */
  const news = createLedgerQueue({ limit: 1_000, logger });
  const tell = (streamId: string, key: string, message: string): void => news.add('notification', () => ledger.notify(streamId, key, message));

  function storageChanged(up: boolean, streamIds: readonly string[], detail: string | null): void {
    observer.storage(up);
    if (!up) {
      outages++;
      observer.trouble('storage_unavailable');
      logger.error({ streams: streamIds.length, detail, code: 'storage_unavailable' }, ERRORS.storage_unavailable.message);
    } else logger.info({ streams: streamIds.length }, 'the object storage answers again; what waited on disk is brought in');
    // Once for each outage of this process.
    const outage = `storage:${process.pid}:${outages}`;
    for (const streamId of streamIds) tell(streamId, `${outage}:${up}`, up ? 'The object storage answers again: the segments that waited are brought in.' : `${ERRORS.storage_unavailable.message} (${detail})`);
  }

  async function windowOf(session: LiveSession, over: { value: boolean }): Promise<LiveStreamWindow | null> {
    for (let failures = 0; !over.value && !closing.signal.aborted; failures++) {
      try {
        return await windows.open(session);
      } catch (error) {
        if (failures === 0) logger.warn({ err: error, stream_id: session.grant.stream_id }, 'the recording’s next number can not be read now; trying while the session lasts');
      }
      await Promise.race([delay(RETRY_MS, undefined, { ref: false }), session.ended]);
    }
    return null;
  }

  /** Sessions of a stream share its window: the former one's last segment ends before the next one's first begins. */
  async function formerOver(own: Followed): Promise<void> {
    for (const other of followed.values()) {
      if (other === own) return;
      if (other.stream_id === own.stream_id) await other.egress?.ended;
    }
  }

  async function carry(session: LiveSession, own: Followed): Promise<void> {
    const { stream_id, record } = session.grant;
    const over = { value: false };
    void session.ended.then(() => (over.value = true));
    const entry = await windowOf(session, over);
    if (!entry) return;
    await formerOver(own);
    const picture: ThumbnailState = { stream_id, takenAt: null };
    const say = (code: ErrorCode, key: string, detail: string): void => tell(stream_id, `${code}:${key}`, `${ERRORS[code].message} (${detail})`);
    let troubles = 0;
    const recorder = new Recorder({
      disk,
      folder,
      stream_id,
      session_id: session.id,
      ledger: record ? { rows: ledger, queue: own.queue } : null,
      ...(options.leastRoom === undefined ? {} : { leastRoom: options.leastRoom }),
      onClosed: () => bringIn.wake(),
      onTrouble({ full, detail }) {
        troubles++;
        observer.trouble('disk_full');
        logger.error({ stream_id, session_id: session.id, full, detail, code: 'disk_full' }, full ? ERRORS.disk_full.message : 'the disk takes no recording');
        if (record) say('disk_full', `${session.id}:${troubles}`, detail);
      },
      onRoom() {
        logger.info({ stream_id, session_id: session.id }, 'there is room on the disk again; the recording begins anew');
        if (record) tell(stream_id, `room:${session.id}:${troubles}`, 'There is room on the disk again: the recording goes on.');
      },
    });
    const packager = new Packager({
      window: entry.window,
      recorder,
      cutting,
      newId() {
        const id = newId();
        own.runs.add(id);
        return id;
      },
      onKeyframeDue: () => own.egress?.askKeyframe(),
      onSegment({ init, bytes, independent }) {
        observer.segment(record && !recorder.broken);
        if (independent) thumbnails.offer(picture, { init, bytes });
      },
    });
    own.egress = startSessionEgress({ session, packager, ffmpeg, stallMs: options.stallMs ?? STALL_MS, observer, tell: say, logger });
    await own.egress.ended;
    windows.leave(entry);
    await recorder.settled();
    await own.queue.drained(closing.signal);
  }

  return {
    windows,
    bringIn,
    cutting,
    ledgerBacklog: () => [...queues].reduce((sum, { pending }) => sum + pending, 0),
    sessions: () => followed.size,
    pidOf: (sessionId) => followed.get(sessionId)?.egress?.pid ?? null,
    follow(session) {
      const queue = createLedgerQueue({ logger });
      queues.add(queue);
      const own: Followed = { stream_id: session.grant.stream_id, egress: null, queue, runs: new Set(), done: Promise.resolve() };
      own.done = carry(session, own)
        .catch((error: unknown) => logger.error({ err: error, session_id: session.id }, 'the egress of a session failed'))
        .finally(() => {
          followed.delete(session.id);
          queues.delete(queue);
          bringIn.wake();
        });
      followed.set(session.id, own);
    },
    async close() {
      clearInterval(pruning);
      const late = setTimeout(() => closing.abort(), CLOSE_MS);
      await Promise.all([...followed.values()].map(({ done }) => done));
      await news.drained(closing.signal);
      clearTimeout(late);
      closing.abort();
      for (const queue of [...queues, news]) queue.stop();
      await thumbnails.close();
      await bringIn.close();
    },
  };
}
