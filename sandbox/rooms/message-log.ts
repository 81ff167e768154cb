export interface LoggedMessage {
  seq: number;
  msg_id: string | bigint;
  /** BaseProtoMessage, without a history mark. */
  base: Uint8Array;
}

/** A room's messages in the order of their birth, numbered from 1; the oldest give way. */
export class MessageLog {
  readonly #limit: number;
  #entries: LoggedMessage[] = [];
  #lastSeq = 0;

  /** @param limit messages kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  append(msgId: string | bigint, base: Uint8Array): LoggedMessage {
    this.#lastSeq += 1;
    const entry = { seq: this.#lastSeq, msg_id: msgId, base };
    this.#entries.push(entry);
    // Trimmed in big steps: shifting an array for each message would cost more than the message.
    if (this.#entries.length > this.#limit * 1.25 + 64) this.#entries = this.#entries.slice(-this.#limit);
    return entry;
  }

  /** Messages after `seq`, oldest first. @param max at most so many */
  after(seq: number, max = Number.MAX_SAFE_INTEGER): LoggedMessage[] {
    const kept = this.#entries.length;
    const from = Math.max(0, kept - Math.min(this.#lastSeq - seq, this.#limit));
    return this.#entries.slice(from, Math.min(kept, from + max));
  }

  /** The newest `count`, oldest first. */
  newest(count: number): LoggedMessage[] {
    return count > 0 ? this.#entries.slice(-Math.min(count, this.#limit)) : [];
  }
}
