import type { LiveFrame } from '../../domain/contracts/live-connection.ts';

/** Above the high mark the socket is no longer read, below the low mark it is again; at the limit frames are dropped. */
export interface QueueLimits {
  high_bytes: number;
  low_bytes: number;
  max_bytes: number;
}

export const QUEUE_LIMITS: QueueLimits = { high_bytes: 8 << 20, low_bytes: 2 << 20, max_bytes: 64 << 20 };

/** Frames between the socket and the database, bounded by their bytes. */
export class FrameQueue {
  readonly #limits: QueueLimits;
  readonly #flow: { pause(): void; resume(): void };
  #frames: LiveFrame[] = [];
  #bytes = 0;
  #paused = false;
  #wake: (() => void) | null = null;
  /** Events that were lost because the buffer was full; the gap report tells them. */
  dropped_events = 0;

  constructor(flow: { pause(): void; resume(): void }, limits: QueueLimits = QUEUE_LIMITS) {
    this.#flow = flow;
    this.#limits = limits;
  }

  get length(): number {
    return this.#frames.length;
  }

  /** Until when everything that came has been taken, epoch milliseconds. */
  takenUntil(nowMs: number): number {
    return this.#frames[0]?.received_at_ms ?? nowMs;
  }

  push(frame: LiveFrame): void {
    if (this.#bytes + frame.bytes > this.#limits.max_bytes) {
      this.dropped_events += frame.events.length;
      return;
    }
    this.#frames.push(frame);
    this.#bytes += frame.bytes;
    if (!this.#paused && this.#bytes > this.#limits.high_bytes) {
      this.#paused = true;
      this.#flow.pause();
    }
    this.wake();
  }

  /** Takes whole frames, in order, until they hold `maxEvents` events; at least one where there is any. */
  take(maxEvents: number): LiveFrame[] {
    let events = 0;
    let count = 0;
    for (const frame of this.#frames) {
      if (count > 0 && events + frame.events.length > maxEvents) break;
      events += frame.events.length;
      this.#bytes -= frame.bytes;
      count += 1;
    }
    const taken = this.#frames.splice(0, count);
    if (this.#paused && this.#bytes < this.#limits.low_bytes) {
      this.#paused = false;
      this.#flow.resume();
    }
    return taken;
  }

  /** Ends a `waitForWork`. */
  wake(): void {
    this.#wake?.();
  }

  /** Resolves when there is a frame, when woken, or after `timeoutMs`. */
  async waitForWork(timeoutMs: number): Promise<void> {
    if (this.#frames.length > 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}
