import type pg from 'pg';
import { sql } from 'kysely';
import type { Coins } from '../domain/contracts/coin.ts';
import type { GiftTold } from '../domain/social/gift-event.ts';
import type { CatalogueGift } from '../domain/social/gift.ts';
import type { Db } from './client.ts';
import { giftWriterOf } from './gift-writer.ts';
import { newId } from './ids.ts';

export interface GiftDraft {
  workspace_id: string;
  /** Of the app: with it the same sender gives once. */
  request_id: string;
  sender: GiftParty;
  receiver: GiftParty;
  gift: CatalogueGift;
  /** 1 to 1,000. */
  count: number;
  /** One of both. */
  stream_id: string | null;
  video_id: string | null;
}

interface GiftParty {
  id: string;
  /** Their wallet. */
  account_id: string;
}

/** A gift that was given. */
export interface SentGift extends Pick<GiftDraft, 'request_id' | 'gift' | 'count' | 'stream_id' | 'video_id'> {
  id: string;
  receiver_id: string;
  /** All of them together. */
  coins: Coins;
  created_at: Date;
  /** What the sender had after it. */
  balance: Coins;
}

export type GiftOutcome =
  | { kind: 'given' | 'repeated'; sent: SentGift }
  /** The request id was used for another gift. */
  | { kind: 'reused' }
  | { kind: 'short'; balance: Coins };

/** How often it is tried, where there are coins enough and others took them first, or they came just now. */
const TRIES = 3;

/**
 * Gives: debits the sender, credits the receiver, and writes the gift, all or nothing, in one statement that commits by itself; see gift-writer.ts.
 * Nothing is given a second time by the same request id, whatever the price is by then.
 * @throws what PostgreSQL throws
 */
export async function sendGift(pool: pg.Pool, draft: GiftDraft): Promise<GiftOutcome> {
  const { workspace_id, sender } = draft;
  let balance = 0;
  for (let tried = 0; tried < TRIES; tried += 1) {
    const sent = await attempt(pool, draft, tried > 0);
    if (sent) return { kind: 'given', sent };
    const before = await findSentGift(pool, { workspace_id, sender_id: sender.id, request_id: draft.request_id });
    if (before) return isSameGift(before, { ...draft, gift_id: draft.gift.id }) ? { kind: 'repeated', sent: before } : { kind: 'reused' };
    balance = await readBalance(pool, workspace_id, sender.account_id);
    if (balance < priceOf(draft)) break;
  }
  return { kind: 'short', balance };
}

type Queryable = Pick<pg.Pool, 'query'>;
const priceOf = ({ gift, count }: GiftDraft): Coins => gift.coins * count;

/** @returns null: too few coins, or the request id is known; nothing was done */
async function attempt(pool: pg.Pool, draft: GiftDraft, is_alone: boolean): Promise<SentGift | null> {
  const { request_id, receiver, gift, count, stream_id, video_id } = draft;
  const id = newId();
  const coins = priceOf(draft);
  const given = await giftWriterOf(pool).write({ ...draft, id, coins, is_alone });
  return given && { id, request_id, receiver_id: receiver.id, gift, count, coins, stream_id, video_id, ...given };
}

/** What a sender's request id has given; undefined: nothing yet. */
export async function findSentGift(pool: Queryable, { workspace_id, sender_id, request_id }: { workspace_id: string; sender_id: string; request_id: string }): Promise<SentGift | undefined> {
  const { rows } = await pool.query<SentGift>(
    `select g.id, g.request_id, g.receiver_id, g.gift_count as count, g.coins, g.stream_id, g.video_id, g.created_at, t.balance_after as balance,
       json_build_object('id', g.gift_id, 'name', g.gift_name, 'coins', g.coins / g.gift_count, 'image', coalesce(c.image, '')) as gift
     from gift_transactions g
       join coin_accounts a on a.user_id = g.sender_id
       join coin_transactions t on t.movement_id = g.id and t.account_id = a.id
       left join gifts c on c.id = g.gift_id
     where g.workspace_id = $1 and g.sender_id = $2 and g.request_id = $3`,
    [workspace_id, sender_id, request_id],
  );
  return rows[0];
}

/** Whether somebody asks for what was given already. */
export const isSameGift = (sent: SentGift, asked: { gift_id: string; count: number; stream_id: string | null; video_id: string | null }): boolean =>
  sent.gift.id === asked.gift_id && sent.count === asked.count && sent.stream_id === asked.stream_id && sent.video_id === asked.video_id;

async function readBalance(pool: Queryable, workspaceId: string, accountId: string): Promise<Coins> {
  const { rows } = await pool.query<{ balance: Coins }>('select balance from coin_accounts where id = $1 and workspace_id = $2', [accountId, workspaceId]);
  return rows[0]!.balance;
}

/** The oldest ones that nobody else has taken, locked until the transaction ends. */
export async function takeUnseenGifts(trx: Db, limit: number): Promise<GiftTold[]> {
  const person = (alias: string) => sql`json_build_object('id', ${sql.ref(`${alias}.id`)}, 'username', ${sql.ref(`${alias}.username`)}, 'first_name', ${sql.ref(`${alias}.first_name`)},
    'last_name', ${sql.ref(`${alias}.last_name`)}, 'profile_pic', ${sql.ref(`${alias}.profile_pic`)})`;
  const { rows } = await sql<GiftTold>`
    with taken as materialized (
      select * from gift_transactions where evaluated_at is null order by created_at limit ${limit} for update skip locked
    )
    select g.id, g.workspace_id, g.gift_id, g.gift_name, g.gift_count, g.coins, g.stream_id, g.video_id, g.created_at, ${person('s')} as sender, ${person('r')} as receiver,
      exists (select from follows f where f.follower_id = g.sender_id and f.followee_id = g.receiver_id and f.state = 'accepted') as is_follower
    from taken g join app_users s on s.id = g.sender_id join app_users r on r.id = g.receiver_id
    order by g.created_at, g.id`.execute(trx);
  return rows;
}

export async function markGiftsSeen(trx: Db, ids: readonly string[]): Promise<void> {
  await trx.updateTable('gift_transactions').set({ evaluated_at: sql<Date>`now()` }).where('id', 'in', ids).execute();
}

/** How many gifts rules have not seen, at most `most`, and since when the oldest of them waits, seconds. */
export async function measureUnseenGifts(db: Db, most: number): Promise<{ waiting: number; oldest_s: number }> {
  const { rows } = await sql<{ waiting: number; oldest_s: number }>`
    select count(*) as waiting, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_s
    from (select created_at from gift_transactions where evaluated_at is null order by created_at limit ${most}) as unseen`.execute(db);
  return rows[0]!;
}
