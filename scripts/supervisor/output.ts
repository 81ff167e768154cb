import { LogFile } from './log-file.ts';

const LAST_LINES = 15;
const SHOWN_PER_MINUTE = 20;
const LONGEST_LINE = 64 * 1024;

const PINO_WARN = 40;

/**
 * What of a child's line the terminal shows: warnings and errors of our own processes, in short; nothing of the rest.
 * @returns null for a line that only the log file gets
 */
export function shortForm(line: string): string | null {
  if (!line.startsWith('{')) return /\b(FATAL|PANIC)\b|^\S*Error\b/.test(line) ? line.slice(0, 300) : null;
  try {
    const entry = JSON.parse(line) as { level?: number; msg?: string; err?: { message?: string; code?: string } };
    if (typeof entry.level !== 'number' || entry.level < PINO_WARN) return null;
    const cause = entry.err?.message ?? entry.err?.code;
    return `${entry.msg ?? 'warning'}${cause ? `: ${cause}` : ''}`.replace(/\s+/g, ' ').slice(0, 300);
  } catch {
    return null;
  }
}

/** Takes what a child prints: everything to its log file, warnings in short to `show`, the last lines kept for a failure's message. */
export class ChildOutput {
  readonly file: LogFile;
  readonly #show: (line: string) => void;
  readonly #quiet: boolean;
  readonly #last: string[] = [];
  #rest = '';
  #shown = 0;
  #minute = 0;

  /** @param quiet shows nothing: for services whose own words mean little to a person */
  constructor(path: string, show: (line: string) => void, quiet: boolean) {
    this.file = new LogFile(path);
    this.#show = show;
    this.#quiet = quiet;
  }

  take(chunk: Buffer): void {
    this.file.write(chunk);
    const lines = (this.#rest + chunk.toString('utf8')).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-LONGEST_LINE);
    for (const line of lines) this.#line(line);
  }

  lastLines(): string[] {
    return [...this.#last, ...(this.#rest ? [this.#rest] : [])];
  }

  #line(line: string): void {
    if (line.trim() === '') return;
    this.#last.push(line.slice(0, 500));
    if (this.#last.length > LAST_LINES) this.#last.shift();
    const short = this.#quiet ? null : shortForm(line);
    if (short !== null && this.#mayShow()) this.#show(short);
  }

  #mayShow(): boolean {
    const minute = Math.floor(Date.now() / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#shown = 0;
    }
    this.#shown += 1;
    if (this.#shown === SHOWN_PER_MINUTE) this.#show(`more in ${this.file.path}`);
    return this.#shown < SHOWN_PER_MINUTE;
  }
}
