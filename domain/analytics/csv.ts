export type CsvCell = string | number | boolean | null;

/** What spreadsheets take for a formula where a cell begins with it: https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const QUOTED = /[",\r\n]/;

/**
 * A table as RFC 4180 has it: CRLF after each line, quotes where needed. Text that a spreadsheet would run as a formula gets
 * an apostrophe in front; numbers stay numbers.
 */
export const csvOf = (header: readonly string[], rows: readonly (readonly CsvCell[])[]): string =>
  [header, ...rows].map(csvRow).join('');

/** One line of such a table, for one that is written bit by bit. */
export const csvRow = (row: readonly CsvCell[]): string => `${row.map(cell).join(',')}\r\n`;

function cell(value: CsvCell): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
