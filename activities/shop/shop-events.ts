import type { Transaction } from 'kysely';
import type { Database } from '../../db/schema.ts';
import type { ShopEvent } from '../../domain/contracts/shop-event.ts';

/** What was written inside the transaction, for what has to follow its commit. */
export interface AppendedEvents {
  workspace_id: string;
  /** Targets that have something to deliver. */
  targets: string[];
}

/** Puts what happens in shops before rules and streams. */
export interface ShopEventWriter {
  /**
   * In the caller's transaction, as its last statement: stores the events, the executions of the rules that they trigger with their actions, and
   * their places in the workspace's feed, whose lock is then held until the commit. All events are of one workspace.
   */
  append(trx: Transaction<Database>, events: readonly ShopEvent[]): Promise<AppendedEvents | null>;
  /** After the commit: wakes followers of the stream and whoever delivers. Never throws. */
  committed(appended: AppendedEvents | null): void;
}
