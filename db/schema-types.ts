import type { ColumnType } from 'kysely';

/** timestamptz: read as Date, written as Date or ISO text. */
export type Timestamp = ColumnType<Date, Date | string, Date | string>;
/** Has a default. */
export type CreatedAt = ColumnType<Date, Date | string | undefined, Date | string>;
/** bigint: pg gives it as text; our own counters stay below 2^53 and are read as numbers (see db/client.ts). */
export type BigIntNumber = ColumnType<number, number | undefined, number>;
export type JsonOf<T> = ColumnType<T, string, string>;
