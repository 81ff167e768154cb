import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { AppError } from '../../domain/errors.ts';
import { ffmpegCensus, type FfmpegPurpose } from './census.ts';
import { createLineKeeper, eachLine } from './lines.ts';
import { parseProgress, type FfmpegProgress } from './progress.ts';

export interface FfmpegOptions {
  /** FFMPEG_PATH. */
  command: string;
  /** Everything after ffmpeg's general options, which are added here. */
  args: readonly string[];
  /** For the metrics. */
  purpose?: FfmpegPurpose;
  /** Open a pipe to its standard input; without it ffmpeg reads none. */
  stdin?: boolean;
  /** Open a pipe from its standard output; the caller must read it. */
  stdout?: boolean;
  /** Killed after so long; absent: it lives until `stop`. Milliseconds. */
  timeoutMs?: number;
  /** Stopped when this fires. */
  signal?: AbortSignal;
  /** How many of its last lines are kept for the reason. */
  keepLines?: number;
  /** Each line of warning or worse. */
  onLine?: (line: string) => void;
  /** About once a second. */
  onProgress?: (progress: FfmpegProgress) => void;
}

export interface FfmpegEnd {
  /** null: killed, or never started. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Its own last words; null: none. */
  reason: string | null;
  /** We ended it ourselves: `stop`, or the AbortSignal. */
  stopped: boolean;
  timed_out: boolean;
}

export interface FfmpegRun {
  readonly pid: number | undefined;
  /** null unless asked for; there even if it never started. Errors of the pipe are no errors: `ended` says what was. */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  /** Never rejects. */
  readonly ended: Promise<FfmpegEnd>;
  /** What it said so far: its last lines. */
  words(): string | null;
  /** SIGTERM, on which ffmpeg completes its files, and SIGKILL after `graceMs`. Idempotent. */
  stop(graceMs?: number): Promise<FfmpegEnd>;
}

const KEPT_LINES = 20;
const STOP_GRACE_MS = 3_000;
/** util-linux. Has the kernel kill ffmpeg when this process dies, even by SIGKILL: prctl(2), PR_SET_PDEATHSIG. Linux only. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

/**
 * The one way ffmpeg is run. It ends with `stop`, its timeout or this process, whatever ends that; its own words are kept for
 * the reason. https://ffmpeg.org/ffmpeg.html
 */
export function runFfmpeg(options: FfmpegOptions): FfmpegRun {
  const { command, args, purpose = 'other', stdin = false, stdout = false, timeoutMs, signal, keepLines = KEPT_LINES, onLine, onProgress } = options;
  const general = ['-hide_banner', '-nostats', '-loglevel', 'warning', ...(stdin ? [] : ['-nostdin']), ...(onProgress ? ['-progress', 'pipe:3', '-stats_period', '1'] : [])];
  const [program, ...before] = SETPRIV === undefined ? [command] : [SETPRIV, '--pdeathsig', 'KILL', '--', command];
  const child = spawn(program!, [...before, ...general, ...args], {
    stdio: [stdin ? 'pipe' : 'ignore', stdout ? 'pipe' : 'ignore', 'pipe', onProgress ? 'pipe' : 'ignore'],
  });
  const kept = createLineKeeper(keepLines);
  // Before anything else: an error that nobody listens to ends this process.
  const over = endOf(child, kept);
  // Where no more files may be opened (EMFILE) the child has no pipes at all, whatever its types say; its error says why.
  const { stderr, stdio } = child as { stderr: Readable | null | undefined; stdio: readonly unknown[] | undefined };
  if (stderr) {
    eachLine(stderr, (line) => {
      kept.add(line);
      onLine?.(line);
    });
  }
  if (onProgress && stdio) parseProgress(stdio[3] as Readable, onProgress);
  // A broken pipe is told by the child's end, with its reason.
  child.stdin?.on('error', () => undefined);

  let stopped = false;
  let timedOut = false;
  let force: NodeJS.Timeout | undefined;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          child.kill('SIGKILL');
        }, timeoutMs);
  const ended = over.then((end) => {
    clearTimeout(timer);
    clearTimeout(force);
    signal?.removeEventListener('abort', onAbort);
    return { ...end, stopped, timed_out: timedOut, reason: timedOut ? `took longer than ${timeoutMs} ms` : end.reason };
  });
  ffmpegCensus.watch(purpose, ended);
  const stop = (graceMs = STOP_GRACE_MS): Promise<FfmpegEnd> => {
    if (!stopped && child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      stopped = true;
      child.kill('SIGTERM');
      force = setTimeout(() => child.kill('SIGKILL'), graceMs);
    }
    return ended;
  };
  const onAbort = (): void => void stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  return { pid: child.pid, stdin: stdin ? (child.stdin ?? nowhere()) : null, stdout: stdout ? (child.stdout ?? Readable.from([])) : null, ended, words: kept.words, stop };
}

/** Waits for a run that is to end by itself. @throws AppError('ffmpeg_failed') with ffmpeg's own words */
export async function ffmpegDone(run: FfmpegRun): Promise<void> {
  const end = await run.ended;
  if (end.code !== 0 || end.stopped) throw new AppError('ffmpeg_failed', describeEnd(end));
}

/** Why it ended, for people. */
export const describeEnd = ({ code, signal, reason, stopped }: FfmpegEnd): string =>
  reason ?? (stopped ? 'it was stopped' : signal ? `it was killed by ${signal}` : `it ended with exit code ${code}`);

/** In the place of the input of what never started: takes all, as a pipe whose reader is about to go does. */
const nowhere = (): Writable => new Writable({ write: (_bytes, _encoding, done) => done() });

type RawEnd = Pick<FfmpegEnd, 'code' | 'signal' | 'reason'>;

function endOf(child: ChildProcess, kept: { words(): string | null }): Promise<RawEnd> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, reason: error.message }));
    child.once('close', (code, signal) => resolve({ code, signal, reason: kept.words() }));
  });
}
