import { sql } from 'kysely';
import type { Db } from './client.ts';
import type { NewRow } from './schema.ts';

/** Says that a media host is there, and what it does. */
export async function registerMediaHost(db: Db, host: Pick<NewRow<'media_hosts'>, 'id' | 'public_url' | 'rtmp_url' | 'task_queue' | 'features' | 'sessions' | 'viewers'>, isNew: boolean): Promise<void> {
  const { id, ...facts } = host;
  await db
    .insertInto('media_hosts')
    .values({ id, ...facts })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...facts, seen_at: sql<Date>`now()`, ...(isNew && { started_at: sql<Date>`now()` }) }))
    .execute();
}

/** A host that has not been heard of for so long has no viewers any more, seconds. */
const VIEWERS_LAST_S = 30;
/** Seconds between two samples of a stream's viewers. */
const SAMPLE_S = 30;

export interface HostViewers {
  stream_id: string;
  viewers: number;
}

/** Notes a host's viewers, makes the streams' rows hold the sum over all hosts that have them, and keeps a sample now and then: in one statement. */
export async function countViewers(db: Db, hostId: string, counted: readonly HostViewers[]): Promise<void> {
  if (counted.length === 0) return;
  const ids = counted.map(({ stream_id }) => stream_id);
  const viewers = counted.map((one) => one.viewers);
  await sql`
    with here as (
      select * from unnest(${ids}::uuid[], ${viewers}::integer[]) as c (stream_id, viewers)
    ), noted as (
      insert into stream_host_viewers (stream_id, host_id, viewers) select stream_id, ${hostId}, viewers from here
      on conflict (stream_id, host_id) do update set viewers = excluded.viewers, seen_at = now()
    ), summed as (
      select here.stream_id, here.viewers + coalesce((
        select sum(o.viewers) from stream_host_viewers o
        where o.stream_id = here.stream_id and o.host_id <> ${hostId} and o.seen_at > now() - make_interval(secs => ${VIEWERS_LAST_S})
          -- A host that the stream has left counted the same people shortly before.
          and exists (select from stream_sessions e where e.stream_id = o.stream_id and e.host_id = o.host_id and e.ended_at is null)
      ), 0)::integer as viewers from here
    ), changed as (
      update streams s set viewer_count = summed.viewers, peak_viewers = greatest(s.peak_viewers, summed.viewers)
      from summed where s.id = summed.stream_id and s.status in ('live', 'reconnecting') and s.viewer_count <> summed.viewers
    )
    insert into stream_viewer_samples (stream_id, at, viewers)
    select summed.stream_id, now(), summed.viewers from summed
    where not exists (select from stream_viewer_samples v where v.stream_id = summed.stream_id and v.at > now() - make_interval(secs => ${SAMPLE_S}))
    on conflict do nothing`.execute(db);
}

/** Forgets hosts that nobody has heard of for a day, and what they counted. */
export async function forgetHosts(db: Db): Promise<void> {
  await sql`delete from stream_host_viewers where seen_at < now() - interval '1 hour'`.execute(db);
  await sql`delete from media_hosts where seen_at < now() - interval '1 day'`.execute(db);
}
