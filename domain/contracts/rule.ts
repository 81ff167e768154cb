import { EVENT_TYPES, type LiveEvent } from './live-event.ts';
import { SHOP_EVENT_TYPES, type ShopEvent } from './shop-event.ts';
import type { StockBasis } from './shop-job.ts';
import type { SocialEvent } from './social-event.ts';

/** What rules wait for: what happens in a LIVE, in a shop, and in the social app (whose gifts are of the same type as a LIVE's). */
export const RULE_EVENT_TYPES = [...EVENT_TYPES, ...SHOP_EVENT_TYPES] as const;
export type RuleEventType = (typeof RULE_EVENT_TYPES)[number];
export type RuleEvent = LiveEvent | ShopEvent | SocialEvent;

export const OPERATORS = ['==', '!=', '>', '>=', '<', '<=', 'contains', 'not_contains', 'in', 'not_in'] as const;
export type Operator = (typeof OPERATORS)[number];

export const LOGIC_OPERATORS = ['AND', 'OR'] as const;
export type LogicOperator = (typeof LOGIC_OPERATORS)[number];

export const FIRE_ON = ['streak_end', 'every_update'] as const;
export type FireOn = (typeof FIRE_ON)[number];

export const ACTION_TYPES = ['device_control', 'webhook', 'notification', 'log', 'shop_inventory'] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

export type ConditionValue = string | number | boolean | null | (string | number | boolean | null)[];

export interface Condition {
  /** A field of the event; nested paths with dots ("user.nickname"). */
  field: string;
  operator: Operator;
  value: ConditionValue;
  order: number;
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export interface DeviceControlConfig {
  device_id: string;
  command: string;
  /** Extra values for the device's payload template. */
  params?: { [key: string]: Json };
  /** Sent `after_ms` after the last trigger, kept by a durable timer. */
  restore?: { command: string; after_ms: number };
}

export interface WebhookConfig {
  url: string;
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers?: { [name: string]: string };
  body?: Json;
  /** Milliseconds, 10,000 where absent. */
  timeout_ms?: number;
}

export type NotificationConfig =
  | { channel: 'in_app'; message: string }
  | { channel: 'email'; to: string; subject?: string; message: string }
  | { channel: 'slack' | 'discord'; url: string; message: string }
  | { channel: 'telegram'; url: string; chat_id: string; message: string };

export interface LogConfig {
  message: string;
}

/** Sets the stock of one SKU, as a person would by POST /products/{product_id}/inventory/update. */
export interface ShopInventoryConfig {
  channel_id: string;
  /** One of both. */
  sku_id?: string;
  seller_sku?: string;
  /** Units; a text may be a template, and is read as a whole number when the rule fires. */
  quantity: number | string;
  /** available where absent. */
  basis?: StockBasis;
}

export type RuleAction =
  | { action_type: 'device_control'; order: number; config: DeviceControlConfig }
  | { action_type: 'webhook'; order: number; config: WebhookConfig }
  | { action_type: 'notification'; order: number; config: NotificationConfig }
  | { action_type: 'log'; order: number; config: LogConfig }
  | { action_type: 'shop_inventory'; order: number; config: ShopInventoryConfig };

/** What decides whether a rule fires and what it then does; a rule version keeps exactly this. */
export interface RuleDefinition {
  name: string;
  description: string | null;
  event_type: RuleEventType;
  /** null: every livestream of the workspace. */
  livestream_id: string | null;
  logic_operator: LogicOperator;
  conditions: Condition[];
  actions: RuleAction[];
  cooldown_ms: number;
  user_cooldown_ms: number;
  /** An action whose event is older than this when its turn comes is skipped; null: delivered late. */
  max_age_ms: number | null;
  /**
   * streak_end: once, when it is settled: the end of a gift's streak, an order's payment, stock that is low, out or back. every_update: on each frame that
   * adds gifts, each change of an order, each other quantity.
   */
  fire_on: FireOn;
}

export interface Rule extends RuleDefinition {
  id: string;
  workspace_id: string;
  version: number;
  is_active: boolean;
  created_at: string;
  updated_at: string;
}
