import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import { csvOf, type CsvCell } from '../domain/analytics/csv.ts';

/** A table, written only where it is asked for. */
export interface CsvTable {
  /** Without ending. */
  name: string;
  header: readonly string[];
  rows: readonly (readonly CsvCell[])[];
}

/** Whether the caller wants CSV: `format=csv`, or an Accept that puts text/csv before JSON. */
export const wantsCsv = (c: Context, format: 'json' | 'csv' | undefined): boolean =>
  format ? format === 'csv' : accepts(c, { header: 'Accept', supports: ['application/json', 'text/csv'], default: 'application/json' }) === 'text/csv';

/** The table as a file to keep. */
export const csvAnswer = (c: Context, { name, header, rows }: CsvTable) =>
  c.text(csvOf(header, rows), 200, {
    'Content-Type': 'text/csv; charset=utf-8; header=present',
    'Content-Disposition': `attachment; filename="${name}.csv"`,
    'Cache-Control': 'no-store',
  });
