import { spawn } from 'node:child_process';

/** How often a person is told that it still runs. */
const PROGRESS_MS = 15_000;
/** Of what it printed on stderr and stdout, for the message when it fails. */
const KEPT_BYTES = 4_000;

export interface RunOptions {
  env: NodeJS.ProcessEnv;
  cwd?: string;
  timeoutMs: number;
  /** What it does, for a person: "Temporal: still building". */
  progress: string;
  say: (line: string) => void;
}

/**
 * Runs a command to its end and tells every few seconds that it still runs. It ends with this process, and with it whatever
 * it started itself.
 * @throws Error with the last line that it printed
 */
export function run(command: string, args: string[], { env, cwd, timeoutMs, progress, say }: RunOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const since = Date.now();
    // A group of its own: a compiler's children must end with it.
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...(cwd === undefined ? {} : { cwd }) });
    let last = '';
    const keep = (chunk: Buffer): void => void (last = (last + chunk.toString('utf8')).slice(-KEPT_BYTES));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    let late = false;
    const end = (): void => endGroup(child.pid);
    const endAll = endOnSignals(end);
    const ticker = setInterval(() => say(`${progress} (${Math.round((Date.now() - since) / 1_000)} s)`), PROGRESS_MS);
    const timer = setTimeout(() => {
      late = true;
      end();
    }, timeoutMs);
    const finish = (error?: Error): void => {
      clearInterval(ticker);
      clearTimeout(timer);
      endAll.forget();
      if (error) reject(error);
      else resolve();
    };
    child.once('error', (error) => finish(new Error((error as NodeJS.ErrnoException).code === 'ENOENT' ? `${command} is not installed` : error.message)));
    child.once('close', (code, signal) => {
      if (code === 0) finish();
      else finish(new Error(late ? `was not done after ${timeoutMs / 1_000} s` : last.trim().split('\n').at(-1) || `ended with ${signal ?? code}`));
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A group of its own hears no Ctrl-C: it is ended when this process is told to end, which then ends by the same signal. */
function endOnSignals(end: () => void): { forget(): void } {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const handlers = signals.map((signal) => {
    const handler = (): void => {
      end();
      // Somebody else's handler decides how this process ends; where there is none, the signal does.
      if (process.listenerCount(signal) === 1) {
        process.off(signal, handler);
        process.kill(process.pid, signal);
      }
    };
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  process.once('exit', end);
  return {
    forget() {
      process.off('exit', end);
      for (const [signal, handler] of handlers) process.off(signal, handler);
    },
  };
}
