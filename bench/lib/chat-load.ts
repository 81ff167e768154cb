import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface ChatLoad {
  url: string;
  stream_id: string;
  /** One socket each. */
  tokens: readonly string[];
  /** In all, by the clock. */
  messagesPerSecond: number;
  seconds: number;
}

export interface ChatLoadResult {
  sent: number;
  refused: number;
  delivered: number;
  /** Send to arrival at each socket, milliseconds; a sample. */
  latencies: number[];
}

const MESSAGE = '42["chat_message"';
const CONNECT_MS = 60_000;
const SETTLE_MS = 30_000;
/** Of every so many deliveries one is read for its latency; reading all would measure the reader. */
const SAMPLE_EVERY = 23;

/** Sockets that speak Engine.IO themselves: a client library would cost more than the server that is measured. */
export class ChatCrowd {
  readonly #sockets: WebSocket[] = [];
  readonly #load: ChatLoad;
  #delivered = 0;
  #refused = 0;
  #latencies: number[] = [];

  constructor(load: ChatLoad) {
    this.#load = load;
  }

  async connect(): Promise<void> {
    for (let at = 0; at < this.#load.tokens.length; at += 20) await Promise.all(this.#load.tokens.slice(at, at + 20).map((token) => this.#join(token)));
  }

  /** Sends for `seconds`, each message due by the clock, by all sockets in turn; waits until everything has arrived. */
  async run(seconds: number): Promise<ChatLoadResult> {
    this.#delivered = 0;
    this.#refused = 0;
    this.#latencies = [];
    const total = Math.round(seconds * this.#load.messagesPerSecond);
    const startedAt = performance.now();
    for (let sent = 0; sent < total; await pause(2)) {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1_000) * this.#load.messagesPerSecond));
      for (; sent < due; sent += 1) {
        const message = `${Date.now()} a message of about the usual length in a chat`;
        this.#sockets[sent % this.#sockets.length]!.send(`421["chat_message",${JSON.stringify({ stream_id: this.#load.stream_id, message })}]`);
      }
    }
    const deadline = Date.now() + SETTLE_MS;
    while (this.#delivered < (total - this.#refused) * this.#sockets.length && Date.now() < deadline) await pause(20);
    return { sent: total, refused: this.#refused, delivered: this.#delivered, latencies: this.#latencies };
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async #join(token: string): Promise<void> {
    const socket = new WebSocket(`${this.#load.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
    this.#sockets.push(socket);
    await once(socket, 'open', { signal: AbortSignal.timeout(CONNECT_MS) });
    socket.send(`40${JSON.stringify({ token })}`);
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('a socket could not join in time')), CONNECT_MS);
      socket.on('message', (data: Buffer) => {
        const text = data.toString('latin1');
        if (text.startsWith(MESSAGE)) this.#arrived(data);
        else if (text === '2') socket.send('3');
        else if (text.startsWith('40')) socket.send(`420["join",${JSON.stringify({ stream_id: this.#load.stream_id })}]`);
        else if (text.startsWith('44')) reject(new Error(text));
        else if (text.startsWith('430')) {
          clearTimeout(late);
          if (text.startsWith('430[{"ok":true')) resolve();
          else reject(new Error(text));
        } else if (text.startsWith('431[{"ok":false')) this.#refused += 1;
      });
    });
  }

  #arrived(data: Buffer): void {
    this.#delivered += 1;
    if (this.#delivered % SAMPLE_EVERY !== 0) return;
    const [, { message }] = JSON.parse(data.toString().slice(2)) as [string, { message: string }];
    this.#latencies.push(Date.now() - Number(message.split(' ')[0]));
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
