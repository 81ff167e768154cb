const MAX_IN_FLIGHT = 64;
/** More is not kept waiting: the attempt counts as failed. */
const MAX_WAITING = 50_000;

export interface Outcome {
  status: number | null;
  error: string | null;
  took_ms: number;
}

/** Posts bodies, so many at a time; the others wait in their order. */
export interface Post {
  /** null: the sandbox was reset meanwhile. */
  send(url: string, body: string, authorization: string, timeoutMs: number): Promise<Outcome | null>;
  reset(): void;
}

export function createPost(): Post {
  let stop = new AbortController();
  let inFlight = 0;
  let waiting: (() => void)[] = [];

  const turn = async (): Promise<void> => {
    if (inFlight >= MAX_IN_FLIGHT) await new Promise<void>((resolve) => waiting.push(resolve));
    inFlight += 1;
  };
  const done = (): void => {
    inFlight -= 1;
    waiting.shift()?.();
  };

  return {
    send: async (url, body, authorization, timeoutMs) => {
      const { signal } = stop;
      if (waiting.length >= MAX_WAITING) return { status: null, error: 'Too many webhooks are waiting.', took_ms: 0 };
      await turn();
      try {
        return signal.aborted ? null : await once(url, body, authorization, signal, timeoutMs);
      } finally {
        done();
      }
    },
    reset: () => {
      stop.abort();
      stop = new AbortController();
      const leaving = waiting;
      waiting = [];
      for (const leave of leaving) leave();
    },
  };
}

async function once(url: string, body: string, authorization: string, reset: AbortSignal, timeoutMs: number): Promise<Outcome | null> {
  const begun = performance.now();
  const outcome = (status: number | null, error: string | null): Outcome => ({ status, error, took_ms: Math.round(performance.now() - begun) });
  try {
    const headers = { 'content-type': 'application/json', authorization, 'user-agent': 'TikTok-Shop-Webhook-Sandbox' };
    const response = await fetch(url, { method: 'POST', body, headers, signal: AbortSignal.any([reset, AbortSignal.timeout(timeoutMs)]), redirect: 'manual' });
    await response.body?.cancel();
    return outcome(response.status, null);
  } catch (error) {
    if (reset.aborted) return null;
    return outcome(null, error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}
