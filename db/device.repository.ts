import { sql, type Kysely } from 'kysely';
import type { DeviceConfig } from '../domain/contracts/device.ts';
import type { Database, Row } from './schema.ts';
import { newId } from './ids.ts';

/** As stored: the secrets in its config are sealed. */
export type DeviceRow = Omit<Row<'devices'>, 'kind' | 'config'> & DeviceConfig;

export type DeviceDraft = DeviceConfig & { workspace_id: string; name: string };

const asDevice = (row: Row<'devices'>): DeviceRow => row as unknown as DeviceRow;

/** @param draft with sealed secrets */
export async function insertDevice(db: Kysely<Database>, { workspace_id, name, kind, config }: DeviceDraft): Promise<DeviceRow> {
  const values = {
    id: newId(),
    workspace_id,
    name,
    kind,
    config: JSON.stringify(config),
    is_online: null,
    last_seen_at: null,
    updated_at: new Date(),
  };
  return asDevice(await db.insertInto('devices').values(values).returningAll().executeTakeFirstOrThrow());
}

/** Newest first: one more than `limit`. */
export async function listDevices(db: Kysely<Database>, workspaceId: string, limit: number, before?: string): Promise<DeviceRow[]> {
  const rows = await db
    .selectFrom('devices')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  return rows.map(asDevice);
}

/** undefined too where the device is another workspace's. */
export async function findDevice(db: Kysely<Database>, workspaceId: string, id: string): Promise<DeviceRow | undefined> {
  const row = await db.selectFrom('devices').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).executeTakeFirst();
  return row && asDevice(row);
}

/**
 * Replaces name and config; a device whose config changed is online only once it says so again.
 * @param before what the change was made from: undefined is returned where somebody else changed it meanwhile
 */
export async function replaceDevice(
  db: Kysely<Database>,
  before: DeviceRow,
  { name, kind, config }: Omit<DeviceDraft, 'workspace_id'>,
): Promise<DeviceRow | undefined> {
  const text = JSON.stringify(config);
  const row = await db
    .updateTable('devices')
    .set({
      name,
      kind,
      config: text,
      updated_at: sql`now()`,
      is_online: sql`case when kind = ${kind} and config = ${text}::jsonb then is_online end`,
    })
    .where('id', '=', before.id)
    .where('kind', '=', before.kind)
    .where('config', '=', JSON.stringify(before.config))
    .returningAll()
    .executeTakeFirst();
  return row && asDevice(row);
}

/** @returns whether there was one */
export async function deleteDevice(db: Kysely<Database>, workspaceId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('devices').where('workspace_id', '=', workspaceId).where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}
