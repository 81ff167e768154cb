import { reasonOf, StartError } from '../supervisor/start-error.ts';
import { findShowrunner, type DemoTarget } from './target.ts';

export interface Demo {
  /** What findShowrunner is told. */
  find?: () => Promise<Parameters<typeof findShowrunner>[0] | void>;
  /** `stopped` fires on Ctrl-C. @returns whether it went as it should */
  play(target: DemoTarget, stopped: AbortSignal): Promise<boolean>;
  /** Said where it did not. */
  failure: string;
}

/** Plays a demo at the Showrunner that runs, or at one of its own, and ends the process with 0 where it went well. */
export function runDemo(demo: Demo): void {
  playOnce(demo).then(
    (exitCode) => process.exit(exitCode),
    (error: unknown) => {
      console.error(error instanceof StartError ? error.message : `The demo failed: ${reasonOf(error)}`);
      process.exit(1);
    },
  );
}

async function playOnce({ find, play, failure }: Demo): Promise<number> {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort());
  const target = await findShowrunner((await find?.()) ?? {});
  try {
    if (await play(target, stopped.signal)) return 0;
    console.error(failure);
    return 1;
  } finally {
    await target.close();
  }
}
