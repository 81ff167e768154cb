import { sql } from 'kysely';
import type { Coins, MovementKind } from '../domain/contracts/coin.ts';
import type { Db } from './client.ts';
import { isThere, notBlocked } from './relation.repository.ts';

/** One entry of a wallet, and what caused it. */
export interface WalletEntry {
  id: number;
  movement_id: string;
  kind: MovementKind;
  /** Negative: spent. */
  amount: Coins;
  balance_after: Coins;
  created_at: Date;
  /** The one who gave or got a gift; null: nobody, or they are gone, or one has blocked the other. */
  other_id: string | null;
  gift: { id: string; name: string; count: number; stream_id: string | null; video_id: string | null } | null;
}

export interface WalletEntryQuery {
  workspace_id: string;
  user_id: string;
  /** Only those older than this entry. */
  before: number | null;
  offset: number;
  limit: number;
}

/** A user's own entries, newest first. */
export async function listWalletEntries(db: Db, { workspace_id, user_id, before, offset, limit }: WalletEntryQuery): Promise<WalletEntry[]> {
  const { rows } = await sql<WalletEntry>`
    select t.id, t.movement_id, m.kind, t.amount, t.balance_after, t.created_at, other.id as other_id,
      case when g.id is not null then json_build_object('id', g.gift_id, 'name', g.gift_name, 'count', g.gift_count, 'stream_id', g.stream_id, 'video_id', g.video_id) end as gift
    from coin_accounts a
      join coin_transactions t on t.account_id = a.id
      join coin_movements m on m.id = t.movement_id
      left join gift_transactions g on g.id = t.movement_id
      left join app_users other on other.id = case when g.sender_id = a.user_id then g.receiver_id else g.sender_id end
        and ${isThere('other')} and ${notBlocked(user_id, 'other.id')}
    where a.workspace_id = ${workspace_id} and a.user_id = ${user_id} and (${before}::bigint is null or t.id < ${before}::bigint)
    order by t.id desc offset ${offset} limit ${limit}`.execute(db);
  return rows;
}

