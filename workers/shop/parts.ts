import type { Logger } from 'pino';
import type { OrderIntake } from '../../activities/shop/orders/take-orders.ts';
import type { ShopCalls } from '../../activities/shop/shop-calls.ts';
import type { ShopEventWriter } from '../../activities/shop/shop-events.ts';
import type { ShopWorkflows } from '../../activities/shop/shop-workflows.ts';
import type { SyncSchedules } from '../../activities/shop/sync-schedules.ts';
import type { ShopClient } from '../../tiktok/shop/index.ts';
import type { WorkerContext } from '../context.ts';

/** What all parts of the role shop share. */
export interface ShopContext {
  context: WorkerContext;
  log: Logger;
  tiktok: ShopClient;
  calls: ShopCalls;
  workflows: ShopWorkflows;
  schedules: SyncSchedules;
  events: ShopEventWriter;
  /** What orders are stored by, whoever heard of them. */
  intake: OrderIntake;
  /** Whether anybody takes messages: without AMQP_URL and ORDER_SERVICE_URL none are written. */
  publishes: boolean;
}

/** One part: its activities on the role's task queue, and what it does beside. */
export interface ShopPart {
  activities: object;
  /** Once the worker polls. */
  started?: () => Promise<void>;
  /** After the worker has stopped. */
  close?: () => Promise<void>;
}
