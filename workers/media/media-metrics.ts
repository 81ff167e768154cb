import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Db } from '../../db/client.ts';
import { measureMedia } from '../../db/media-figures.repository.ts';
import { STREAM_STATUSES, PUBLISH_KINDS } from '../../domain/contracts/stream.ts';
import type { AnsweredRequest } from '../../media/http/app.ts';
import { ffmpegCensus, type FfmpegOutcome, type FfmpegPurpose } from '../../media/ffmpeg/census.ts';
import { measureTogether } from '../measure-together.ts';

export interface MediaMetricsOptions {
  registry: Registry;
  db: Db;
  hostId: string;
  /** Where recordings lie until they are in storage. */
  folder: string;
}

/** What a media host does, asked of the tables, the disk and the processes whenever Prometheus asks. */
export function addMediaMetrics({ registry, db, hostId, folder }: MediaMetricsOptions): void {
  addTableMetrics(registry, db, hostId);
  addFfmpegMetrics(registry);
  addDiskMetrics(registry, folder);
}

/** Measures the answers of WHIP, WHEP and HLS, under the name that the API's have. @returns notes one answer */
export function observeMediaHttp(registry: Registry): (request: AnsweredRequest) => void {
  const requests = new Histogram({
    name: 'showrunner_http_request_duration_seconds',
    help: 'Time from a request to the head of its answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  return ({ method, route, status, duration_ms }) => requests.observe({ method, route, status: String(status) }, duration_ms / 1_000);
}

function addTableMetrics(registry: Registry, db: Db, hostId: string): void {
  const collect = measureTogether(async () => {
    try {
      const figures = await measureMedia(db, hostId);
      for (const kind of PUBLISH_KINDS) sessions.set({ kind }, figures.sessions.find((entry) => entry.kind === kind)?.count ?? 0);
      for (const status of STREAM_STATUSES.slice(1, -1)) streams.set({ status }, figures.streams.find((entry) => entry.status === status)?.count ?? 0);
      waiting.set(figures.segments_waiting);
      oldest.set(figures.segments_oldest_s);
      stalled.set(figures.recordings_stalled);
    } catch {
      // Nothing is better than an old number that looks true; that the database is away is told elsewhere.
      for (const gauge of [sessions, streams]) gauge.reset();
      for (const gauge of [waiting, oldest, stalled]) gauge.remove();
    }
  });
  const common = { registers: [registry], collect };
  const sessions = new Gauge({ ...common, name: 'showrunner_stream_sessions', help: 'Encoders that send to this host, by the way they came.', labelNames: ['kind'] });
  const streams = new Gauge({ ...common, name: 'showrunner_streams', help: 'Streams of all hosts that are on air, by status.', labelNames: ['status'] });
  const waiting = new Gauge({ ...common, name: 'showrunner_segments_waiting', help: 'Segments of recordings on this host’s disk that are not in storage yet.' });
  const oldest = new Gauge({ ...common, name: 'showrunner_segments_oldest_seconds', help: 'Age of the oldest segment that waits for storage; 0: none does.' });
  const stalled = new Gauge({ ...common, name: 'showrunner_recordings_stalled', help: 'Live streams of this host that are to be recorded and bring no segments.' });
}

function addFfmpegMetrics(registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'showrunner_ffmpeg_running',
    help: 'ffmpeg processes of this host, by what they are for.',
    labelNames: ['purpose'],
    registers,
    collect() {
      for (const [purpose, count] of ffmpegCensus.running) this.set({ purpose }, count);
    },
  });
  new Counter({
    name: 'showrunner_ffmpeg_ended_total',
    help: 'ffmpeg processes that ended: done, stopped by us, timed_out, or failed (killed, or with a fault).',
    labelNames: ['purpose', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [key, count] of ffmpegCensus.ended) {
        const [purpose, outcome] = key.split(' ') as [FfmpegPurpose, FfmpegOutcome];
        this.inc({ purpose, outcome }, count);
      }
    },
  });
}

/** The folder, or where it will be made: it is there from the first recording on. */
function existing(folder: string): string {
  const path = resolve(folder);
  return existsSync(path) || path === dirname(path) ? path : existing(dirname(path));
}

function addDiskMetrics(registry: Registry, folder: string): void {
  const collect = measureTogether(async () => {
    try {
      const { bavail, blocks, bsize } = await statfs(existing(folder));
      free.set(bavail * bsize);
      size.set(blocks * bsize);
    } catch {
      // A disk that does not answer has no figure, rather than an old one.
      for (const gauge of [free, size]) gauge.remove();
    }
  });
  const common = { registers: [registry], collect };
  const free = new Gauge({ ...common, name: 'showrunner_disk_free_bytes', help: 'What may still be written to the disk on which recordings lie until they are in storage.' });
  const size = new Gauge({ ...common, name: 'showrunner_disk_size_bytes', help: 'Size of that disk.' });
}
