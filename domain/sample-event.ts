import type { EventType } from './contracts/live-event.ts';
import type { RuleEvent, RuleEventType } from './contracts/rule.ts';
import type { InventoryEvent, OrderEvent } from './contracts/shop-event.ts';

export interface SampleIdentity {
  id: string;
  workspace_id: string;
  livestream_id: string;
  /** ISO 8601 UTC. */
  at: string;
}

const FIELDS: Readonly<Record<EventType, Readonly<Record<string, unknown>>>> = {
  connect: { room_id: '7412345678901234567', title: 'Sample LIVE' },
  disconnect: { code: null, reason: 'Disconnected on request.' },
  live_end: { cause: 'ended' },
  comment: { comment: 'Hello from a sample', language: 'en' },
  gift: { gift_id: '5655', gift_name: 'Rose', diamond_count: 1, repeat_count: 1, streak_id: null, streak_status: 'single' },
  like: { like_count: 15, total_likes: 1_500 },
  join: { viewer_count: 120 },
  follow: { follow_count: 900 },
  share: { share_target: 'link' },
};

type SampleOf<E> = Omit<E, 'id' | 'type' | 'workspace_id' | 'channel_id' | 'occurred_at' | 'received_at' | 'is_history'>;
const ORDER: SampleOf<OrderEvent> = {
  change: 'paid',
  order_id: '576461413038785752',
  status: 'AWAITING_SHIPMENT',
  previous_status: 'UNPAID',
  total: 24.9,
  currency: 'GBP',
  item_count: 1,
  items: ['Desk lamp'],
  seller_skus: ['LAMP-1'],
  buyer_nickname: 'Sample Buyer',
  buyer_note: null,
  user_id: '7494845267308415300',
  shop_name: 'Sample shop',
};
const INVENTORY: SampleOf<InventoryEvent> = {
  change: 'low',
  product_id: '1729592969712207008',
  product_name: 'Desk lamp',
  sku_id: '1729592969712207012',
  seller_sku: 'LAMP-1',
  available: 3,
  previous_available: 6,
  shop_name: 'Sample shop',
};
const OF_SHOPS = { order: ORDER, inventory: INVENTORY };

const VIEWER = {
  user_id: '6812345678901234567',
  username: 'sample_viewer',
  nickname: 'Sample Viewer',
  avatar_url: null,
  is_follower: true,
  is_moderator: false,
  is_subscriber: false,
};
const NOBODY = { user_id: null, username: null, nickname: null, avatar_url: null };

/**
 * A made-up event: a plausible one of its type with what a person wants changed. Numbers may be given as text, as in
 * conditions; a gift's totals follow from its counts unless they are given too.
 */
export function sampleEvent(type: RuleEventType, changes: Readonly<Record<string, unknown>>, identity: SampleIdentity): RuleEvent {
  const base = baseOf(type, identity);
  const given = Object.fromEntries(
    Object.entries(changes).map(([field, value]) => [field, typeof base[field] === 'number' ? asNumber(value) : value]),
  );
  const event = { ...base, ...given, type };
  return (type === 'gift' ? withTotals(event, given) : event) as unknown as RuleEvent;
}

function baseOf(type: RuleEventType, { id, workspace_id, livestream_id, at }: SampleIdentity): Record<string, unknown> {
  const base = { id, type, occurred_at: at, received_at: at, is_history: false };
  // Of no shop that exists: a rule that waits for one shop is tried with its channel_id given.
  if (type === 'order' || type === 'inventory') return { ...base, workspace_id, channel_id: livestream_id, ...OF_SHOPS[type] };
  const ours = type === 'connect' || type === 'disconnect' || type === 'live_end';
  return { ...base, livestream_id, msg_id: `sample:${id}`, position: 0, ...(ours ? NOBODY : VIEWER), ...FIELDS[type] };
}

function asNumber(value: unknown): unknown {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : value;
}

function withTotals(gift: Record<string, unknown>, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const diamonds = Number(gift.diamond_count);
  const increment = Number(given.increment ?? gift.repeat_count);
  return { total_diamonds: diamonds * Number(gift.repeat_count), increment, increment_diamonds: diamonds * increment, ...gift };
}
