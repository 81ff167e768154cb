import type pg from 'pg';
import type { Coins } from '../domain/contracts/coin.ts';
import { AppError } from '../domain/errors.ts';
import { constraintOf } from './coin-ledger.repository.ts';
import type { GiftDraft } from './gift.repository.ts';

/** A gift that is to be written, with its own id and price. */
export interface GiftOrder extends GiftDraft {
  id: string;
  coins: Coins;
  /** Not together with others of its sender, with which it might be too much. */
  is_alone: boolean;
}

export interface GiftWriter {
  /**
   * @returns what the sender has left, and when it was given; null: too few coins (together with others that came at once, unless it is alone), or the request id is known; nothing was done
   * @throws AppError unavailable where too many wait; what PostgreSQL throws: the gift may have been given then: the request id tells
   */
  write(order: GiftOrder): Promise<WrittenGift | null>;
}

interface WrittenGift {
  balance: Coins;
  created_at: Date;
}

interface Waiting {
  order: GiftOrder;
  resolve(written: WrittenGift | null): void;
  reject(error: unknown): void;
}

/**
 * One statement at a time, and what comes meanwhile goes together in the next: the more come, the more share one commit. One that is held up (somebody else has one of
 * its wallets locked) does not hold up the others: after so many milliseconds the next one begins, up to so many.
 */
const PATIENCE_MS = 20;
const AT_ONCE = 4;
/** Gifts of one statement, which hold each other's wallets until its commit. */
const MOST = 50;

/** Far more than a database that answers leaves waiting: one that does not must not fill the memory. */
const MOST_WAITING = 5_000;

/** Named: each connection plans them once. */
const ONE = { name: 'send-gift', text: 'select send_gift($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) as balance, now() as created_at' };
const MANY = { name: 'send-gifts', text: 'select place, balance, created_at from send_gifts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)' };

const writers = new WeakMap<pg.Pool, GiftWriter>();

/** The one of this process. */
export function giftWriterOf(pool: pg.Pool): GiftWriter {
  const writer = writers.get(pool) ?? createGiftWriter(pool);
  writers.set(pool, writer);
  return writer;
}

/** Writes gifts: one that comes while nothing is under way at once, those that come meanwhile together. Each is given or not by itself. */
function createGiftWriter(pool: pg.Pool): GiftWriter {
  const waiting: Waiting[] = [];
  let underWay = 0;
  /** A statement is under way that has not taken long yet. */
  let isBusy = false;

  const next = (): void => {
    if (isBusy || underWay >= AT_ONCE || waiting.length === 0) return;
    isBusy = true;
    underWay += 1;
    let isSlow = false;
    const patience = setTimeout(() => {
      isSlow = true;
      isBusy = false;
      next();
    }, PATIENCE_MS);
    const batch = takeBatch(waiting);
    void (batch.length === 1 ? writeOne(pool, batch[0]!) : writeMany(pool, batch)).finally(() => {
      clearTimeout(patience);
      underWay -= 1;
      if (!isSlow) isBusy = false;
      next();
    });
  };

  return {
    write: (order) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= MOST_WAITING) throw new AppError('unavailable', 'too many gifts wait');
        waiting.push({ order, resolve, reject });
        next();
      }),
  };
}

async function writeOne(pool: pg.Pool, { order, resolve, reject }: Waiting): Promise<void> {
  try {
    const { rows } = await pool.query<{ balance: Coins | null; created_at: Date }>({ ...ONE, values: [order.workspace_id, ...valuesOf(order)] });
    const { balance, created_at } = rows[0]!;
    resolve(balance === null ? null : { balance, created_at });
  } catch (error) {
    if (constraintOf(error) === 'gift_transactions_sender_id_request_id_key') resolve(null);
    else reject(error);
  }
}

async function writeMany(pool: pg.Pool, batch: readonly Waiting[]): Promise<void> {
  const orders = batch.map(({ order }) => valuesOf(order));
  const columns = orders[0]!.map((_, column) => orders.map((values) => values[column]));
  try {
    const { rows } = await pool.query<WrittenGift & { place: number }>({ ...MANY, values: [batch[0]!.order.workspace_id, ...columns] });
    const written = new Map(rows.map(({ place, balance, created_at }) => [place - 1, { balance, created_at }]));
    batch.forEach(({ resolve }, place) => resolve(written.get(place) ?? null));
  } catch (error) {
    // One that cannot be stored must not take the others with it; nothing was done.
    if (isOfOne(error)) for (const each of batch) await writeOne(pool, each);
    else batch.forEach(({ reject }) => reject(error));
  }
}

/** Data exceptions and broken constraints: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const isOfOne = (error: unknown): boolean => error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code);

/** The first that wait, of one workspace; two taps with one request id never go together, and what is to be for sure goes alone. */
function takeBatch(waiting: Waiting[]): Waiting[] {
  const batch: Waiting[] = [];
  const keys = new Set<string>();
  const rest: Waiting[] = [];
  for (const each of waiting) {
    const key = `${each.order.sender.id} ${each.order.request_id}`;
    const first = (batch[0] ?? each).order;
    const isFirst = batch.length === 0;
    const fits = isFirst || (batch.length < MOST && !first.is_alone && !each.order.is_alone && !keys.has(key) && each.order.workspace_id === first.workspace_id);
    (fits ? batch : rest).push(each);
    keys.add(key);
  }
  waiting.splice(0, waiting.length, ...rest);
  return batch;
}

const valuesOf = ({ id, request_id, sender, receiver, gift, count, coins, stream_id, video_id }: GiftOrder): unknown[] => [
  id,
  request_id,
  sender.id,
  receiver.id,
  gift.id,
  gift.name,
  count,
  coins,
  stream_id,
  video_id,
  sender.account_id,
  receiver.account_id,
];
