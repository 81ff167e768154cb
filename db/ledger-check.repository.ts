import { sql } from 'kysely';
import type { LedgerFault } from '../domain/contracts/coin.ts';
import type { CheckTally } from '../domain/social/ledger-check.ts';
import type { Db } from './client.ts';
import { jsonbText } from './jsonb-text.ts';
import type { Row } from './schema.ts';

export type LedgerCheck = Row<'ledger_checks'>;

interface CheckedRow {
  id: string;
  faults: LedgerFault[] | null;
}

/**
 * Compares balances with the sums of their entries, some accounts at a time by id. One statement sees one moment: what moves meanwhile is in both or in neither.
 * @param after the last one of the batch before; null: from the first
 */
export async function checkAccounts(db: Db, after: string | null, limit: number): Promise<CheckTally> {
  const { rows } = await sql<CheckedRow>`
    with batch as materialized (
      select id, balance from coin_accounts where ${after}::uuid is null or id > ${after}::uuid order by id limit ${limit}
    ), summed as (
      select batch.id, batch.balance, coalesce((select sum(t.amount) from coin_transactions t where t.account_id = batch.id), 0) as entries from batch
    )
    select id, case when balance <> entries then json_build_array(json_build_object('kind', 'balance_differs', 'id', id, 'expected', entries, 'found', balance)) end as faults
    from summed order by id`.execute(db);
  return batchOf(rows);
}

/**
 * Looks whether movements add up to zero and have two entries at least, and gifts are what their movements moved, some at a time by id.
 * @param after as checkAccounts
 */
export async function checkMovements(db: Db, after: string | null, limit: number): Promise<CheckTally> {
  const { rows } = await sql<CheckedRow>`
    with batch as materialized (
      select id, kind from coin_movements where ${after}::uuid is null or id > ${after}::uuid order by id limit ${limit}
    ), summed as (
      select batch.id, batch.kind, count(t.id) as entries, coalesce(sum(t.amount), 0) as total from batch left join coin_transactions t on t.movement_id = batch.id group by batch.id, batch.kind
    ), gifts as (
      select summed.id, g.coins,
        count(*) filter (where t.amount = g.coins and a.user_id = g.receiver_id) = 1 and count(*) filter (where t.amount = -g.coins and a.user_id = g.sender_id) = 1 and count(*) = 2 as fits
      from summed join gift_transactions g on g.id = summed.id left join coin_transactions t on t.movement_id = g.id left join coin_accounts a on a.id = t.account_id
      group by summed.id, g.coins
    )
    select s.id, nullif(array_to_json(array_remove(array[
        case when s.total <> 0 or s.entries < 2 then json_build_object('kind', 'movement_unbalanced', 'id', s.id, 'expected', 0, 'found', s.total)::jsonb end,
        case when (s.kind = 'gift') <> (g.id is not null) or not g.fits then json_build_object('kind', 'gift_differs', 'id', s.id, 'expected', coalesce(g.coins, 0), 'found', s.entries)::jsonb end
      ], null))::text, '[]')::json as faults
    from summed s left join gifts g on g.id = s.id order by s.id`.execute(db);
  return batchOf(rows);
}

const batchOf = (rows: readonly CheckedRow[]): CheckTally => ({ checked: rows.length, last: rows.at(-1)?.id ?? null, faults: rows.flatMap(({ faults }) => faults ?? []) });

/** Workspaces whose balances do not add up to zero, at one moment. */
export async function checkSums(db: Db, most: number): Promise<LedgerFault[]> {
  const { rows } = await sql<{ workspace_id: string; total: number }>`
    select workspace_id, sum(balance)::bigint as total from coin_accounts group by workspace_id having sum(balance) <> 0 order by workspace_id limit ${most}`.execute(db);
  return rows.map(({ workspace_id, total }) => ({ kind: 'sum_not_zero', id: workspace_id, expected: 0, found: total }));
}

export interface LedgerVerdict {
  /** Of the workflow that looked: a second time with it changes nothing. */
  id: string;
  accounts: number;
  movements: number;
  faults: readonly LedgerFault[];
}

export async function insertLedgerCheck(db: Db, { id, accounts, movements, faults }: LedgerVerdict): Promise<void> {
  await db
    .insertInto('ledger_checks')
    .values({ id, is_sound: faults.length === 0, accounts, movements, faults: jsonbText(faults) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Newest first. */
export const listLedgerChecks = (db: Db, { before, limit }: { before?: string | undefined; limit: number }): Promise<LedgerCheck[]> =>
  db
    .selectFrom('ledger_checks')
    .selectAll()
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

/** What the last check said, and how long ago, seconds; undefined: there was none yet. */
export async function lastLedgerCheck(db: Db): Promise<{ is_sound: boolean; age_s: number } | undefined> {
  const { rows } = await sql<{ is_sound: boolean; age_s: number }>`
    select is_sound, extract(epoch from now() - checked_at)::float8 as age_s from ledger_checks order by id desc limit 1`.execute(db);
  return rows[0];
}

/** The workspace of the app, where there is one. */
export async function findLedgerWorkspace(db: Db): Promise<string | undefined> {
  return (await db.selectFrom('social_app').select('workspace_id').executeTakeFirst())?.workspace_id;
}
