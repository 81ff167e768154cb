import type { Router } from '../../api/context.ts';

export interface StreamEvent {
  id: string;
  event: string;
  data: { id?: string; type: string; [field: string]: unknown };
}

export interface EventSourceOptions {
  token: string;
  lastEventId?: string;
  /** Query of the stream. */
  query?: string;
  /** The token goes into the query, as browsers must. */
  tokenInQuery?: boolean;
}

/** A server-sent events client with the rules of the standard for ids, on an app without a port. */
export class TestEventSource {
  readonly events: StreamEvent[] = [];
  readonly comments: string[] = [];
  /** What a browser would send back as Last-Event-ID. */
  lastEventId: string;
  retryMs: number | null = null;
  ended = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #rest = '';

  private constructor(body: ReadableStream<Uint8Array>, lastEventId: string) {
    this.#reader = body.getReader();
    this.lastEventId = lastEventId;
  }

  static async open(app: Router, { token, lastEventId, query = '', tokenInQuery = false }: EventSourceOptions): Promise<TestEventSource> {
    const parameters = new URLSearchParams(query);
    if (tokenInQuery) parameters.set('token', token);
    const response = await app.request(`/api/events/stream?${parameters}`, {
      headers: {
        ...(tokenInQuery ? {} : { authorization: `Bearer ${token}` }),
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    });
    if (response.status !== 200 || !response.body) throw new Error(`${response.status} ${await response.text()}`);
    return TestEventSource.of(response.body, lastEventId);
  }

  static of(body: ReadableStream<Uint8Array>, lastEventId = ''): TestEventSource {
    return new TestEventSource(body, lastEventId);
  }

  /** Reads once from the stream. @returns false when it has ended */
  async pull(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) {
      this.ended = true;
      return false;
    }
    this.#take(this.#decoder.decode(value, { stream: true }));
    return true;
  }

  /** Reads until `enough` says so, or the stream has ended. */
  async until(enough: () => boolean): Promise<void> {
    while (!enough() && (await this.pull()));
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }

  #take(text: string): void {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) this.#dispatch(block);
  }

  #dispatch(block: string): void {
    let event = 'message';
    let data: string | null = null;
    for (const line of block.split('\n')) {
      const [name = '', value = ''] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()];
      if (name === '') this.comments.push(value);
      else if (name === 'id') this.lastEventId = value;
      else if (name === 'event') event = value;
      else if (name === 'retry') this.retryMs = Number(value);
      else if (name === 'data') data = value;
    }
    if (data !== null) this.events.push({ id: this.lastEventId, event, data: JSON.parse(data) as StreamEvent['data'] });
  }
}
