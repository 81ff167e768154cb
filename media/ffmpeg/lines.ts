import type { Readable } from 'node:stream';

/** Longer ones are cut: a line is for people. */
const LONGEST_LINE = 500;

/** Calls `onLine` for each line that is not empty; keeps no more than one line in memory. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  const emit = (line: string): void => {
    const text = line.trim();
    if (text !== '') onLine(text.slice(0, LONGEST_LINE));
  };
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split(/[\r\n]/);
    rest = lines.pop()!.slice(0, LONGEST_LINE);
    for (const line of lines) emit(line);
  });
  stream.on('end', () => emit(rest));
  // The other end is gone: what it said until then is what there is.
  stream.on('error', () => emit(rest));
}

/** The last `most` lines; one that repeats itself is kept once. */
export function createLineKeeper(most: number): { add(line: string): void; words(): string | null } {
  const lines: string[] = [];
  return {
    add(line) {
      if (lines.at(-1) === line) return;
      lines.push(line);
      if (lines.length > most) lines.shift();
    },
    words: () => (lines.length === 0 ? null : lines.join('\n')),
  };
}
