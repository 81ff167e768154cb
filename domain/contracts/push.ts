import type { AppNotificationKind, Platform } from './social.ts';

/** One notification for one device. */
export interface PushMessage {
  device_token: string;
  platform: Platform;
  /** Of the notification: what arrives twice has it twice. */
  notification_id: string;
  kind: AppNotificationKind;
  title: string;
  body: string;
  sender_id: string | null;
  video_id: string | null;
  subject_id: string | null;
  /** For so long the push service keeps it for a device that is off, seconds. */
  ttl_s: number;
}

/**
 * What came of it. sent: the service has taken it. gone: the token is no device's any more. refused: this message will never be taken.
 * later: the service, or what it needs, does not work right now; `is_everybody`: others would fare no better.
 */
export type PushResult =
  | { kind: 'sent' }
  | { kind: 'gone'; reason: string }
  | { kind: 'refused'; reason: string }
  | { kind: 'later'; reason: string; retry_after_ms: number | null; is_everybody: boolean };

/** A push service. Never rejects. */
export interface PushService {
  send(message: PushMessage): Promise<PushResult>;
  close(): Promise<void>;
}

/** Milliseconds, save where it says otherwise. */
export interface PushTimings {
  /** One run of the activity; the workflow begins the next one. */
  run_ms: number;
  /** So many runs are one workflow run; then it continues as new. */
  runs: number;
  /** What a worker has begun is another's after this. Longer than a send takes with a new access token. */
  lease_ms: number;
  /** First wait after a failure, jittered; doubles up to `backoff_max_ms`. */
  backoff_initial_ms: number;
  backoff_max_ms: number;
  /** A notification that could not be pushed for so long is news no more. */
  give_up_after_ms: number;
  /** How often the table is looked at where nothing wakes. */
  poll_ms: number;
  heartbeat_timeout_ms: number;
}

export const DEFAULT_PUSH_TIMINGS: PushTimings = {
  run_ms: 600_000,
  runs: 100,
  lease_ms: 60_000,
  backoff_initial_ms: 1_000,
  backoff_max_ms: 60_000,
  give_up_after_ms: 86_400_000,
  poll_ms: 5_000,
  heartbeat_timeout_ms: 10_000,
};

/** Of the workflow `pushNotifications`. */
export interface PushNotificationsInput {
  timings?: Partial<PushTimings>;
}

export interface PushActivities {
  /** Pushes what waits, and what comes, until `run_ms` are over. @returns how many notifications were settled */
  deliverPushes(timings: PushTimings): Promise<number>;
  /** Starts the workflow where it does not run. */
  ensurePushing(): Promise<void>;
}
