import { Counter, Gauge, type Registry } from 'prom-client';
import type { EgressObserver } from '../../media/egress/egress-observer.ts';
import type { Egress } from '../../media/egress/egress.ts';
import type { LiveSession } from '../../media/live-session.ts';

export interface EgressMetrics {
  observer: EgressObserver;
  /** Figures that are asked of it whenever Prometheus asks. */
  measure(egress: Egress, viewers: (streamId: string) => number, sessions: () => readonly LiveSession[]): void;
}

/** HLS and recording of this host, for Prometheus. */
export function createEgressMetrics(registry: Registry): EgressMetrics {
  const registers = [registry];
  const runs = new Counter({ name: 'showrunner_egress_runs_total', help: 'Runs of the ffmpeg that writes HLS and recordings.', registers });
  const ended = new Counter({ name: 'showrunner_egress_runs_ended_total', help: 'Runs that ended, by why: stalled, failed, changed (other producers), session_over.', labelNames: ['why'], registers });
  const bytes = new Counter({ name: 'showrunner_egress_bytes_total', help: 'Bytes of HLS and recordings.', registers });
  const segments = new Counter({ name: 'showrunner_egress_segments_total', help: 'Segments cut; recorded: false where the stream is not recorded, or the disk takes none.', labelNames: ['recorded'], registers });
  const troubles = new Counter({ name: 'showrunner_egress_troubles_total', help: 'Faults of recordings that people are told of, by code.', labelNames: ['code'], registers });
  const storage = new Gauge({ name: 'showrunner_recording_storage_up', help: '0: the storage does not take segments, which wait on disk.', registers });
  storage.set(1);
  return {
    observer: {
      runBegan: () => runs.inc(),
      runEnded: (why) => ended.inc({ why }),
      fragment: (size) => bytes.inc(size),
      segment: (recorded) => segments.inc({ recorded: String(recorded) }),
      trouble: (code) => troubles.inc({ code }),
      storage: (up) => storage.set(up ? 1 : 0),
    },
    measure(egress, viewers, sessions) {
      new Gauge({ name: 'showrunner_egress_sessions', help: 'Sessions that HLS and recording follow.', registers, collect() { this.set(egress.sessions()); } });
      new Gauge({ name: 'showrunner_ledger_waiting', help: 'Lines of the ledger that wait for PostgreSQL.', registers, collect() { this.set(egress.ledgerBacklog()); } });
      new Gauge({
        name: 'showrunner_hls_viewers',
        help: 'Players of HLS that asked within the last seconds.',
        registers,
        collect() {
          this.set(sessions().reduce((sum, { grant }) => sum + viewers(grant.stream_id), 0));
        },
      });
    },
  };
}
