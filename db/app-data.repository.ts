import { sql, type RawBuilder } from 'kysely';
import type { Db } from './client.ts';

/** Each gives one user's rows of one kind, with a unique `key` by which they are read page after page. */
const SECTIONS: Record<string, (userId: string) => RawBuilder<unknown>> = {
  profile: (user) => sql`select id::text as key, id, username, first_name, last_name, email, bio, gender, website, profile_pic, social, social_id, is_private, is_verified, followers, following, videos, likes, push, privacy, created_at, updated_at from app_users where id = ${user}`,
  devices: (user) => sql`select id::text as key, platform, app_version, created_at, seen_at, gone_at from app_devices where user_id = ${user}`,
  following: (user) => sql`select u.id::text as key, u.id as user_id, u.username, f.state, f.created_at from follows f join app_users u on u.id = f.followee_id where f.follower_id = ${user}`,
  followers: (user) => sql`select u.id::text as key, u.id as user_id, u.username, f.state, f.created_at from follows f join app_users u on u.id = f.follower_id where f.followee_id = ${user}`,
  blocked: (user) => sql`select u.id::text as key, u.id as user_id, u.username, b.created_at from blocks b join app_users u on u.id = b.blocked_id where b.user_id = ${user}`,
  videos: (user) => sql`select id::text as key, id, description, status, privacy, allow_comments, allow_duet, duration_ms, views, likes, comments, shares, created_at, published_at from videos where user_id = ${user} and deleted_at is null`,
  liked_videos: (user) => sql`select video_id::text as key, video_id, created_at from video_likes where user_id = ${user}`,
  comments: (user) => sql`select id::text as key, id, video_id, parent_id, comment, likes, created_at from video_comments where user_id = ${user} and deleted_at is null`,
  liked_comments: (user) => sql`select comment_id::text as key, comment_id, created_at from comment_likes where user_id = ${user}`,
  watched: (user) => sql`select video_id || ' ' || view_id as key, video_id, watch_ms, created_at from video_views where user_id = ${user}`,
  direct_messages: (user) => sql`
    select m.id::text as key, m.conversation_id, m.sender_id, case when m.sender_id = c.low_id then c.high_id else c.low_id end as receiver_id, m.message, m.created_at
    from conversations c join direct_messages m on m.conversation_id = c.id where (c.low_id = ${user} or c.high_id = ${user}) and m.deleted_at is null`,
  chat_messages: (user) => sql`
    select m.id::text as key, m.stream_id, m.message, m.sent_at from chat_rooms r
      cross join lateral (select id, stream_id, message, sent_at from chat_messages where stream_id = r.stream_id and user_id = ${user} and deleted_at is null) m`,
  streams: (user) => sql`select id::text as key, id, title, description, status, record, created_at, start_time, end_time, peak_viewers from streams where user_id = ${user}`,
  recordings: (user) => sql`select id::text as key, id, title, description, status, duration_ms, created_at from vods where user_id = ${user}`,
  coins: (user) => sql`
    select lpad(t.id::text, 20, '0') as key, m.kind, t.amount, t.balance_after, t.created_at
    from coin_accounts a join coin_transactions t on t.account_id = a.id join coin_movements m on m.id = t.movement_id where a.user_id = ${user}`,
  // No index is by receiver, since each gift would pay for it: what somebody got is among the entries of their wallet, under the id of the gift.
  gifts: (user) => {
    const columns = sql`g.id::text as key, g.sender_id, g.receiver_id, g.gift_name, g.gift_count, g.coins, g.stream_id, g.video_id, g.created_at`;
    return sql`
    select ${columns} from gift_transactions g where g.sender_id = ${user}
    union all
    select ${columns} from coin_accounts a join coin_transactions t on t.account_id = a.id and t.amount > 0 join gift_transactions g on g.id = t.movement_id and g.receiver_id = ${user} where a.user_id = ${user}`;
  },
  purchases: (user) => sql`select id::text as key, id, store, product_id, coins, status, created_at, granted_at, revoked_at from purchases where user_id = ${user}`,
  payouts: (user) => sql`select id::text as key, id, coins, amount_minor, currency, destination_hint, status, created_at from payouts where user_id = ${user}`,
  notifications: (user) => sql`select id::text as key, kind, text, sender_id, video_id, read_at, created_at from app_notifications where user_id = ${user}`,
  reports: (user) => sql`select id::text as key, subject_kind, subject_id, reason, description, state, created_at from app_reports where reporter_id = ${user}`,
};

export const DATA_SECTIONS = Object.keys(SECTIONS);

/** All rows of one kind, as JSON texts, some at a time. */
export async function* readSection(db: Db, userId: string, section: string, pageSize = 1_000): AsyncGenerator<string[]> {
  for (let after = ''; ; ) {
    const { rows } = await sql<{ key: string; row: string }>`
      select key, (to_jsonb(s) - 'key')::text as row from (${SECTIONS[section]!(userId)}) s where key collate "C" > ${after} order by key collate "C" limit ${pageSize}`.execute(db);
    if (rows.length > 0) yield rows.map(({ row }) => row);
    if (rows.length < pageSize) return;
    after = rows.at(-1)!.key;
  }
}
