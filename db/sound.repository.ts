import { sql, type RawBuilder } from 'kysely';
import type { Db } from './client.ts';
import { isThere, notBlocked, openTo } from './relation.repository.ts';
import type { Row } from './schema.ts';
import { visibleTo } from './video-read.repository.ts';

export type Sound = Row<'sounds'>;

interface ReadSounds {
  workspace_id: string;
  viewer_id: string | null;
  ids: readonly string[];
}

/**
 * What a viewer may hear, as a condition over `sounds s`: a catalogue's; somebody's whose account is open to the viewer, unless it comes from a
 * video that is not. Where that video was deleted, the sound lives on as long as others use it.
 */
export const audibleTo = (viewerId: string | null): RawBuilder<boolean> => sql<boolean>`(
  s.deleted_at is null
  and (s.created_by is null or exists (select from app_users c where c.id = s.created_by and ${isThere('c')} and ${openTo(viewerId, 'c')}))
  and (s.created_by is null or ${notBlocked(viewerId, 's.created_by')})
  and (s.video_id is null or exists (
    select from videos v join app_users a on a.id = v.user_id where v.id = s.video_id and (v.deleted_at is not null and s.videos > 0 or ${visibleTo(viewerId)}))))`;

/** Those of them that the viewer may hear, in the given order. */
export async function readSounds(db: Db, { workspace_id, viewer_id, ids }: ReadSounds): Promise<Sound[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<Sound>`
    select s.* from unnest(${ids}::uuid[]) with ordinality as wanted (id, place) join sounds s on s.id = wanted.id
    where s.workspace_id = ${workspace_id} and ${audibleTo(viewer_id)} order by wanted.place`.execute(db);
  return rows;
}
