import { sql } from 'kysely';
import type { Db } from './client.ts';

export interface RestorePromise {
  device_id: string;
  workspace_id: string;
  command: string;
  after_ms: number;
  /** The action that promises it. */
  action_id: string;
}

/**
 * Promises a restore, or extends the one that stands: it is due `after_ms` from now, and never sooner than promised before.
 * Waits while the restore is being sent, so that a command can't overtake it and then be undone by it.
 * @returns whether its workflow has it already; null where the device is gone
 */
export async function promiseRestore(
  db: Db,
  { device_id, workspace_id, command, after_ms, action_id }: RestorePromise,
): Promise<{ handed_over: boolean } | null> {
  const { rows } = await sql<{ handed_over: boolean }>`
    insert into device_restores (device_id, workspace_id, command, due_at, action_id)
    select id, workspace_id, ${command}, clock_timestamp() + make_interval(secs => ${after_ms / 1_000}::float8), ${action_id}::uuid
    from devices where id = ${device_id} and workspace_id = ${workspace_id}
    on conflict (device_id) do update
      set command = excluded.command, due_at = greatest(device_restores.due_at, excluded.due_at),
        generation = device_restores.generation + 1, action_id = excluded.action_id
    returning handed_over_at is not null as handed_over`.execute(db);
  return rows[0] ?? null;
}

export interface DueRestore {
  command: string;
  /** The same for every attempt to keep this promise, another once it was extended. */
  idempotency_key: string;
  /** The action that promised it last; null where nobody remembers. */
  action_id: string | null;
  /** Milliseconds since it was due. */
  overdue_ms: number;
}

export type RestoreState =
  /** No promise stands: kept before, or the device was deleted. */
  { kind: 'gone' } | { kind: 'waiting'; due_in_ms: number } | { kind: 'due'; restore: DueRestore; done: boolean };

/**
 * Looks at a device's promise on behalf of its workflow, which by that has it. Where it is due, `keep` sends it under the
 * promise's row lock, and a promise that `keep` reports as done is deleted.
 */
export async function keepDueRestore(db: Db, deviceId: string, keep: (restore: DueRestore) => Promise<boolean>): Promise<RestoreState> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ command: string; action_id: string | null; generation: number; due_in_ms: number }>`
      update device_restores set handed_over_at = coalesce(handed_over_at, now()) where device_id = ${deviceId}
      returning command, action_id, generation, (extract(epoch from due_at - clock_timestamp()) * 1000)::float8 as due_in_ms`.execute(tx);
    const row = rows[0];
    if (!row) return { kind: 'gone' };
    if (row.due_in_ms > 0) return { kind: 'waiting', due_in_ms: Math.ceil(row.due_in_ms) };
    const restore = {
      command: row.command,
      idempotency_key: `restore:${row.action_id ?? deviceId}:${row.generation}`,
      action_id: row.action_id,
      overdue_ms: -row.due_in_ms,
    };
    const done = await keep(restore);
    if (done) await tx.deleteFrom('device_restores').where('device_id', '=', deviceId).execute();
    return { kind: 'due', restore, done };
  });
}

/** Devices whose promise no workflow has, or whose workflow should have kept it and has not. */
export async function listNeglectedRestores(db: Db, limit: number): Promise<{ device_id: string; workspace_id: string }[]> {
  return db
    .selectFrom('device_restores')
    .select(['device_id', 'workspace_id'])
    .where((where) => where.or([where('handed_over_at', 'is', null), where('due_at', '<', sql<Date>`now() - interval '30 seconds'`)]))
    .orderBy('due_at')
    .limit(limit)
    .execute();
}
