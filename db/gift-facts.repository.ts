import { sql, type RawBuilder } from 'kysely';
import type { GiftFacts, GiftPlace } from '../domain/social/gift.ts';
import type { Db } from './client.ts';
import { liveVisibleTo } from './live.repository.ts';
import { isThere } from './relation.repository.ts';
import { visibleTo } from './video-read.repository.ts';

interface Asked {
  workspace_id: string;
  sender_id: string;
  gift_id: string;
  place: GiftPlace;
}

/** All that decides whether a gift may be given, in one round trip. */
export async function readGiftFacts(db: Db, { workspace_id, sender_id, gift_id, place }: Asked): Promise<GiftFacts> {
  const target = place.stream_id === null ? ofVideo(workspace_id, sender_id, place.video_id) : ofStream(workspace_id, sender_id, place.stream_id);
  const { rows } = await sql<GiftFacts>`
    select to_json(g) as gift, mine.id as sender_account, theirs.id as receiver_account,
      case when t.exists then json_build_object('receiver_id', t.user_id, 'is_gone', t.is_gone, 'is_visible', t.is_visible, 'stream_status', t.stream_status) end as target,
      exists (select from blocks b where b.user_id = ${sender_id} and b.blocked_id = t.user_id) or exists (select from blocks b where b.user_id = t.user_id and b.blocked_id = ${sender_id}) as is_blocked
    from (select) as one
      left join (select id, name, coins, image from gifts where id = ${gift_id} and workspace_id = ${workspace_id} and is_active) as g on true
      left join (${target}) as t on true
      left join coin_accounts mine on mine.user_id = ${sender_id} and mine.workspace_id = ${workspace_id}
      left join coin_accounts theirs on theirs.user_id = t.user_id and theirs.workspace_id = ${workspace_id}`.execute(db);
  return rows[0]!;
}

/** Streams of those who are no users of the app have no user here. */
const ofStream = (workspaceId: string, viewerId: string, streamId: string): RawBuilder<unknown> => sql`
  select true as exists, a.id as user_id, not ${isThere('a')} as is_gone, s.status as stream_status, ${liveVisibleTo(viewerId)} as is_visible
  from streams s left join app_users a on a.id = s.user_id and a.workspace_id = s.workspace_id
  where s.id = ${streamId} and s.workspace_id = ${workspaceId} and s.deleted_at is null`;

const ofVideo = (workspaceId: string, viewerId: string, videoId: string): RawBuilder<unknown> => sql`
  select true as exists, a.id as user_id, not ${isThere('a')} as is_gone, null::text as stream_status, ${visibleTo(viewerId)} as is_visible
  from videos v join app_users a on a.id = v.user_id
  where v.id = ${videoId} and v.workspace_id = ${workspaceId} and v.deleted_at is null`;
