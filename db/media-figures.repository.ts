import { sql } from 'kysely';
import type { PublishKind, StreamStatus } from '../domain/contracts/stream.ts';
import type { Db } from './client.ts';

/** Seconds after which a live stream that is recorded and brought no segment counts as stalled: three segments late. */
const STALLED_S = 20;

export interface MediaFigures {
  /** Open sessions of this host, by the way that the encoder came. */
  sessions: { kind: PublishKind; count: number }[];
  /** Streams of all hosts that are not over. */
  streams: { status: StreamStatus; count: number }[];
  /** Segments that lie on this host's disk and not yet in storage. */
  segments_waiting: number;
  /** Age of the oldest of them, seconds; 0: there is none. */
  segments_oldest_s: number;
  /** Streams of this host that are live, are to be recorded, and have brought no segment for a while. */
  recordings_stalled: number;
}

/** What the tables say of a media host. */
export async function measureMedia(db: Db, hostId: string): Promise<MediaFigures> {
  const { rows } = await sql<MediaFigures>`
    select
      (select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'count', count)), '[]') from
        (select kind, count(*) from stream_sessions where host_id = ${hostId} and ended_at is null group by kind) k) as sessions,
      (select coalesce(jsonb_agg(jsonb_build_object('status', status, 'count', count)), '[]') from
        (select status, count(*) from streams where status in ('live', 'reconnecting', 'ending') and deleted_at is null group by status) s) as streams,
      waiting.count as segments_waiting,
      waiting.oldest_s as segments_oldest_s,
      (select count(*) from stream_sessions e join streams s on s.id = e.stream_id
        where e.host_id = ${hostId} and e.ended_at is null and s.record and s.status = 'live' and e.started_at < now() - make_interval(secs => ${STALLED_S})
          and not exists (select from recording_segments g where g.stream_id = s.id and g.updated_at > now() - make_interval(secs => ${STALLED_S}))) as recordings_stalled
    from (select count(*) as count, coalesce(extract(epoch from now() - min(g.updated_at)), 0)::float8 as oldest_s
      from recording_segments g join recording_runs r on r.id = g.run_id where r.host_id = ${hostId} and g.state = 'closed') waiting`.execute(db);
  return rows[0]!;
}
