import { sql } from 'kysely';
import type { DeviceConfig } from '../domain/contracts/device.ts';
import type { Db } from './client.ts';

/** As stored: the secrets in its config are sealed. */
export type StoredDevice = DeviceConfig & { id: string; workspace_id: string; name: string };

/** null where it was deleted. */
export async function findDeviceById(db: Db, id: string): Promise<StoredDevice | null> {
  const row = await db
    .selectFrom('devices')
    .select(['id', 'workspace_id', 'name', 'kind', 'config'])
    .where('id', '=', id)
    .executeTakeFirst();
  return row ? (row as unknown as StoredDevice) : null;
}

export interface DeviceList {
  /** Tells this state of the list from the next one. */
  token: string;
  devices: StoredDevice[];
}

/** All MQTT devices, or null where nothing changed since `token`. */
export async function listMqttDevices(db: Db, token: string | null, limit = 20_000): Promise<DeviceList | null> {
  const state = await sql<{
    token: string;
  }>`select count(*) || ':' || coalesce(max(updated_at)::text, '') as token from devices where kind = 'mqtt'`.execute(db);
  const current = state.rows[0]?.token ?? '';
  if (current === token) return null;
  const rows = await db
    .selectFrom('devices')
    .select(['id', 'workspace_id', 'name', 'kind', 'config'])
    .where('kind', '=', 'mqtt')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return { token: current, devices: rows as unknown as StoredDevice[] };
}

/** What was learnt of a device. */
export interface Presence {
  device_id: string;
  /** null: nothing new was said about it. */
  is_online: boolean | null;
  /** Epoch milliseconds; null: it did not speak itself. */
  seen_at_ms: number | null;
}

/** Writes presence down; devices that were deleted are passed over. */
export async function recordPresence(db: Db, presences: readonly Presence[]): Promise<void> {
  if (presences.length === 0) return;
  await sql`
    update devices d
    set is_online = coalesce(p.is_online, d.is_online), last_seen_at = greatest(d.last_seen_at, to_timestamp(p.seen_at_ms / 1000))
    from unnest(${presences.map(({ device_id }) => device_id)}::uuid[], ${presences.map(({ is_online }) => is_online)}::boolean[],
      ${presences.map(({ seen_at_ms }) => seen_at_ms)}::float8[]) as p (device_id, is_online, seen_at_ms)
    where d.id = p.device_id`.execute(db);
}
