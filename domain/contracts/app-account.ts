import type { ErrorCode } from '../errors.ts';

/** Input of the `deleteAccount` workflow. */
export interface DeleteAccountInput {
  user_id: string;
  workspace_id: string;
  request_id: string | null;
  timings?: Partial<AccountTimings>;
}

/** Milliseconds. */
export interface AccountTimings {
  /** A worker that is silent for so long is gone. */
  heartbeat_timeout_ms: number;
  /** First pause before a step that failed is tried again. */
  retry_initial_ms: number;
}
export const DEFAULT_ACCOUNT_TIMINGS: AccountTimings = { heartbeat_timeout_ms: 30_000, retry_initial_ms: 1_000 };

export interface AccountRef {
  user_id: string;
  workspace_id: string;
}

/** What a deletion removed, for the record; it names nothing that was personal. */
export interface DeletionCounts {
  follows: number;
  devices: number;
  videos: number;
  recordings: number;
  likes: number;
  comments: number;
  messages: number;
  coins_forfeited: number;
}

/** The steps of a deletion. Each does what is left to do, so that one that is done again changes nothing. */
export interface DeleteAccountActivities {
  /** Marks the account as deleted, empties what is personal in it and frees its name and identity. @returns false: there is no such account */
  closeAccount(input: AccountRef): Promise<boolean>;
  /** Ends live streams, and removes recordings with their files. */
  removeStreams(input: AccountRef): Promise<void>;
  /** Follows and blocks of both directions, with exact counts. */
  removeRelations(input: AccountRef): Promise<void>;
  /** Phones, notifications, the history of what was watched, and exports with their files. */
  removeTraces(input: AccountRef): Promise<void>;
  /** Likes and comments, with exact counts. */
  removeReactions(input: AccountRef): Promise<void>;
  /** Videos; their files too. */
  removeVideos(input: AccountRef): Promise<void>;
  /** Empties what was written in conversations and in chats. */
  emptyMessages(input: AccountRef): Promise<void>;
  /** Coins that are left become the house's. */
  forfeitCoins(input: AccountRef): Promise<void>;
  /** Says in the record that all is done. */
  finishDeletion(input: AccountRef): Promise<DeletionCounts>;
}

/** Input of the `exportData` workflow. */
export interface ExportDataInput {
  export_id: string;
  user_id: string;
  workspace_id: string;
  request_id: string | null;
  timings?: Partial<AccountTimings>;
}

export type ExportOutcome = { ok: true } | { ok: false; code: ErrorCode; reason: string };

export interface ExportDataActivities {
  /** Writes all that is theirs into storage, as JSON. The same again writes the same file. */
  writeExport(input: { export_id: string; user_id: string; workspace_id: string }): Promise<ExportOutcome>;
  finishExport(input: { export_id: string; user_id: string; outcome: ExportOutcome }): Promise<void>;
}

export interface SweepAccountsActivities {
  /** Starts deletions and exports that Temporal was not told of, removes exports that have expired, and what coins came to deleted accounts late. @returns how many were looked after */
  sweepAccounts(): Promise<number>;
}

/** How long an export may be fetched, days. */
export const EXPORT_DAYS = 7;

export const exportKey = (exportId: string): string => `exports/${exportId}.json`;
