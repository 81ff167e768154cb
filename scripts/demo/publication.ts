import type { Progress, TimelineEntry } from './post-life.ts';

const MEGABYTE = 1_000_000;
export const megabytes = (bytes: number): string => `${(bytes / MEGABYTE).toFixed(1)} MB`;

/** What is known of the demo's post so far, and how it is told. */
export class Publication {
  readonly #began = Date.now();
  readonly #states: { state: string; at: number }[] = [];
  chunks = 0;
  progress: Progress | null = null;

  /** Seconds since the demo's upload began. */
  get seconds(): string {
    return ((Date.now() - this.#began) / 1_000).toFixed(1);
  }

  entry({ kind, detail }: TimelineEntry): string {
    // The last chunk is told as the end of the upload.
    if (kind === 'chunk' || kind === 'uploaded') this.chunks += 1;
    return `${kind.padEnd(16)}${detail ?? ''}`.trimEnd();
  }

  /** @returns what to tell where the state is a new one */
  take(progress: Progress): string | null {
    this.progress = progress;
    if (this.#states.at(-1)?.state === progress.state) return null;
    this.#states.push({ state: progress.state, at: Date.now() });
    return `▸ ${progress.state}${progress.state_reason ? `: ${progress.state_reason}` : ''}`;
  }

  get statusLine(): string {
    if (this.progress === null) return `${this.seconds} s`;
    const { state, bytes_uploaded, bytes_total } = this.progress;
    return [state, bytes_total === null ? null : `${megabytes(bytes_uploaded)} of ${megabytes(bytes_total)} at TikTok`, `${this.seconds} s`].filter((part) => part !== null).join(' · ');
  }

  /** Each state and how long it lasted; the last one lasts. */
  get states(): string {
    return this.#states
      .map(({ state, at }, index) => {
        const next = this.#states[index + 1];
        return next ? `${state} ${((next.at - at) / 1_000).toFixed(1)} s` : state;
      })
      .join(' → ');
  }
}
