import { cpus, totalmem, type as osName, release } from 'node:os';

/** The machine on which a benchmark ran, in one line: figures mean nothing without it. */
export function machineFacts(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  return `Machine: ${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}, ${memory} GiB, ${osName()} ${release()}, Node ${process.version}`;
}

/** Prints a Markdown table, aligned for the terminal: texts to the left, numbers to the right. */
export function printTable(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? formatNumber(cell) : cell)));
  const widths = columns.map((column, index) => Math.max(3, column.length, ...cells.map((row) => row[index]?.length ?? 0)));
  const isRight = columns.map((_, index) => rows.length > 0 && rows.every((row) => typeof row[index] === 'number'));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, index) => (isRight[index] ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!))).join(' | ')} |`;
  const rule = widths.map((width, index) => (isRight[index] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  console.log([line(columns), line(rule), ...cells.map(line)].join('\n'));
}

/** The value below which a share of the samples lies, by the nearest rank; NaN for no samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

function formatNumber(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0 });
}
