import { z } from '@hono/zod-openapi';
import type { ChannelRow } from '../../db/channel.repository.ts';
import type { SetAsideRow } from '../../db/shop-set-aside.repository.ts';
import type { SyncCursorRow } from '../../db/shop-sync.repository.ts';
import { CHANNEL_STATES } from '../../domain/contracts/channel.ts';
import { SYNC_KINDS, type SyncKind } from '../../domain/contracts/shop-sync.ts';
import { nextSyncMs } from '../../domain/shop/sync-times.ts';
import { EXAMPLE_TIME, id, timestamp } from './common.ts';
import { iso, isoOrNull } from './query.ts';

const count = (description: string) => z.int().openapi({ example: 3, description });

const partSchema = z.object({
  cursor: timestamp.nullable().openapi({ description: 'Everything that TikTok changed before this is here; null: there was no run yet that ended.' }),
  lag_s: z.number().nullable().openapi({ example: 42.5, description: 'How long ago that is, seconds.' }),
  is_listing: z.boolean().openapi({ example: false, description: 'A list is under way; a worker that takes over goes on at its page.' }),
  last_started_at: timestamp.nullable(),
  last_finished_at: timestamp.nullable(),
  last_error_code: z.string().nullable().openapi({ example: null, description: 'A code of docs/errors.md, where the last try failed.' }),
  last_error: z.string().nullable().openapi({ example: null, description: 'Why, in TikTok’s own words where it gave some.' }),
  runs: count('Runs that were begun.'),
  calls: count('Calls to TikTok.'),
  seen: count('Orders, products or SKUs that TikTok listed; those of the overlap are listed twice.'),
  missed: count('Changes that polling found and no webhook had told.'),
  last_missed_at: timestamp.nullable(),
});

const setAsideSchema = z.object({
  kind: z.enum(['order', 'product']).openapi({ example: 'order' }),
  id: z.string().nullable().openapi({ example: '576653688135258178', description: 'TikTok’s; null: its answer did not tell.' }),
  code: z.string().openapi({ example: 'tiktok_bad_response', description: 'A code of docs/errors.md.' }),
  reason: z.string().openapi({ example: 'TikTok Shop’s answer could not be read: update_time: expected a number' }),
  times: count('How often it has failed.'),
  first_at: timestamp,
  last_at: timestamp,
});

export const channelSyncSchema = z
  .object({
    channel_uid: id,
    state: z.enum(CHANNEL_STATES).openapi({ example: 'active', description: 'Only an active channel is synced.' }),
    interval_s: z.int().openapi({ example: 300, description: 'SHOP_SYNC_INTERVAL_S.' }),
    next_run_at: timestamp.nullable().openapi({ example: EXAMPLE_TIME, description: 'Some seconds later at most; null: the channel is paused or disconnected.' }),
    parts: z.object({ orders: partSchema, products: partSchema, inventory: partSchema }),
    set_aside: z.object({
      total: z.int().openapi({ example: 1, description: 'What could not be taken and is tried again with the next runs, without holding up the rest.' }),
      items: z.array(setAsideSchema).openapi({ description: 'The newest 100.' }),
    }),
  })
  .openapi('ChannelSync');

export interface ChannelSyncRows {
  channel: ChannelRow;
  cursors: readonly SyncCursorRow[];
  aside: { total: number; items: readonly SetAsideRow[] };
}

export function toChannelSync({ channel, cursors, aside }: ChannelSyncRows, intervalS: number, nowMs: number): z.infer<typeof channelSyncSchema> {
  const part = (kind: SyncKind) => toPart(cursors.find((row) => row.kind === kind), nowMs);
  const [orders, products, inventory] = SYNC_KINDS.map(part);
  return {
    channel_uid: channel.id,
    state: channel.state,
    interval_s: intervalS,
    next_run_at: channel.state === 'active' ? new Date(nextSyncMs(channel.id, intervalS * 1_000, nowMs)).toISOString() : null,
    parts: { orders: orders!, products: products!, inventory: inventory! },
    set_aside: {
      total: aside.total,
      items: aside.items.map(({ kind, entity_id, code, reason, times, first_at, last_at }) => ({
        kind,
        id: entity_id === '' ? null : entity_id,
        code,
        reason,
        times,
        first_at: iso(first_at),
        last_at: iso(last_at),
      })),
    },
  };
}

function toPart(row: SyncCursorRow | undefined, nowMs: number): z.infer<typeof partSchema> {
  const cursor = row?.cursor ?? null;
  return {
    cursor: isoOrNull(cursor),
    lag_s: cursor && Math.max(0, nowMs - cursor.getTime()) / 1_000,
    is_listing: row !== undefined && row.window_to !== null,
    last_started_at: isoOrNull(row?.last_started_at ?? null),
    last_finished_at: isoOrNull(row?.last_finished_at ?? null),
    last_error_code: row?.last_error_code ?? null,
    last_error: row?.last_error ?? null,
    runs: row?.runs ?? 0,
    calls: row?.calls ?? 0,
    seen: row?.seen ?? 0,
    missed: row?.missed ?? 0,
    last_missed_at: isoOrNull(row?.last_missed_at ?? null),
  };
}
