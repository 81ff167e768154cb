/** Input of the `deliverActions` workflow: one for each target that failed. */
export interface DeliverActionsInput {
  target: string;
  workspace_id: string;
  timings?: Partial<DeliveryTimings>;
  /** Carried over continue-as-new. */
  carried?: { failures_in_a_row: number };
}

/** Milliseconds. */
export interface DeliveryTimings {
  /** First wait after a failure, jittered; doubles up to `backoff_max_ms`. */
  backoff_initial_ms: number;
  backoff_max_ms: number;
  /** An action is given up when its event is older than this. */
  give_up_after_ms: number;
}

export const DEFAULT_DELIVERY_TIMINGS: DeliveryTimings = {
  backoff_initial_ms: 1_000,
  backoff_max_ms: 60_000,
  give_up_after_ms: 86_400_000,
};

/** What one pass over a target's waiting actions came to. */
export interface DeliveryReport {
  delivered: number;
  /** Failed for good, given up or too old. */
  ended: number;
  remaining: number;
  /** The target failed: the pass stopped before its end. */
  is_down: boolean;
  /** What the target asked for. */
  retry_after_ms: number | null;
}

/** Input of the `restoreDevice` workflow: one for each device with a promise. */
export interface RestoreDeviceInput {
  device_id: string;
  workspace_id: string;
  timings?: Partial<DeliveryTimings>;
  carried?: { failures_in_a_row: number };
}

/** What looking at a device's promise came to. */
export type RestoreReport =
  | { kind: 'gone' }
  | { kind: 'waiting'; due_in_ms: number }
  | { kind: 'kept' }
  | { kind: 'given_up'; error: string }
  | { kind: 'failed'; error: string; retry_after_ms: number | null };

/** How long to wait after the nth failure in a row. @param random 0 to 1: full jitter over the upper half */
export function backoffMs(failures: number, { backoff_initial_ms, backoff_max_ms }: DeliveryTimings, random: number): number {
  const full = Math.min(backoff_initial_ms * 2 ** Math.min(failures - 1, 30), backoff_max_ms);
  return Math.round(full * (0.5 + random / 2));
}
