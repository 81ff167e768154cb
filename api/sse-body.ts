/** After how long a browser comes back by itself. */
export const RETRY_MS = 2_000;

export interface SseBodyOptions {
  /** What is sent, one text at a time; asked for the next only when the client has taken the one before. */
  chunks: AsyncIterator<string, void>;
  /** Whoever waits inside `chunks` is woken and finds it closed. */
  follower: { close(): void };
  /** Each of them ends the stream. */
  signals: readonly AbortSignal[];
}

/** The body of an answer of server-sent events: read only as fast as the client takes it. */
export function createSseBody({ chunks, follower, signals }: SseBodyOptions): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  // AbortSignal.any would keep every stream that ever was for as long as the process's own signal lives.
  const end = (): void => {
    follower.close();
    for (const signal of signals) signal.removeEventListener('abort', end);
  };
  for (const signal of signals) signal.addEventListener('abort', end);
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) end();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}

/** Asks, and goes on with `otherwise` where the database does not answer: that ends no stream and takes no permission away. */
export async function orElse<T>(ask: () => Promise<T>, otherwise: T, onError: (error: unknown) => void): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    onError(error);
    return otherwise;
  }
}
