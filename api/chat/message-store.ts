import type { MessageDraft, StoredMessage, StoreOutcome } from '../../db/chat-store.ts';
import { brokenConstraint } from '../database-faults.ts';
import { ChatRefusal } from './refusal.ts';
import type { ChatMetrics } from './metrics.ts';

export interface MessageStoreOptions {
  /** One transaction for all of them. @returns what became of each, in their order */
  store: (drafts: readonly MessageDraft[]) => Promise<StoreOutcome[]>;
  /** Called for each message after the commit, in the order of positions, before its sender hears. */
  onStored: (draft: MessageDraft, stored: StoredMessage) => void;
  metrics: Pick<ChatMetrics, 'batchSize' | 'storeSeconds' | 'stored'>;
  /** How long the first message of a batch waits for others, milliseconds. */
  gatherMs?: number;
  maxBatch?: number;
  /** Messages that wait; further ones are refused. */
  maxWaiting?: number;
}

export interface MessageStore {
  /** @throws ChatRefusal unavailable where too many wait, or the database does not take it: then nobody has seen it */
  add(draft: MessageDraft): Promise<StoreOutcome>;
  /** Takes no more, and stores what waits. Idempotent. */
  close(): Promise<void>;
}

interface Waiting {
  draft: MessageDraft;
  since: number;
  resolve: (outcome: StoreOutcome) => void;
  reject: (error: unknown) => void;
}

/**
 * Group commit: what comes within a few milliseconds, and while a commit is under way, is stored by one statement, whatever
 * streams it is for. One commit at a time keeps the order of each stream.
 */
export function createMessageStore({ store, onStored, metrics, gatherMs = 2, maxBatch = 500, maxWaiting = 5_000 }: MessageStoreOptions): MessageStore {
  const waiting: Waiting[] = [];
  /** By sender and their name for it: a second send while the first is under way. */
  const underWay = new Map<string, Promise<StoreOutcome>>();
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let closed = false;

  const schedule = (): void => {
    if (timer || running || waiting.length === 0) return;
    timer = setTimeout(() => {
      timer = null;
      running = drain().finally(() => {
        running = null;
        schedule();
      });
    }, gatherMs);
  };

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) await commit(waiting.splice(0, maxBatch));
  };

  const commit = async (batch: Waiting[]): Promise<void> => {
    try {
      const outcomes = await storeTwice(batch.map(({ draft }) => draft));
      metrics.batchSize.observe(batch.length);
      const now = performance.now();
      batch.forEach(({ draft, since, resolve }, index) => {
        const outcome = outcomes[index]!;
        if (outcome.kind === 'stored') {
          metrics.stored.inc();
          metrics.storeSeconds.observe((now - since) / 1_000);
          onStored(draft, outcome);
        }
        resolve(outcome);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  /** Another process may have stored one of them under the same client_id in the same moment: looked at again, it is there. */
  const storeTwice = async (drafts: readonly MessageDraft[]): Promise<StoreOutcome[]> => {
    try {
      return await store(drafts);
    } catch (error) {
      if (brokenConstraint(error) !== 'chat_messages_by_client_id') throw error;
      return store(drafts);
    }
  };

  return {
    add(draft) {
      if (closed) return Promise.reject(new ChatRefusal('unavailable', { detail: 'the API is stopping', retryAfterMs: 1_000 }));
      if (waiting.length >= maxWaiting) return Promise.reject(new ChatRefusal('unavailable', { detail: 'too many messages wait to be stored', retryAfterMs: 1_000 }));
      const key = draft.client_id === null ? null : `${draft.stream_id} ${draft.user_id} ${draft.client_id}`;
      const same = key === null ? undefined : underWay.get(key);
      if (same) return same;
      const outcome = new Promise<StoreOutcome>((resolve, reject) => {
        waiting.push({ draft, since: performance.now(), resolve, reject });
      });
      if (key !== null) {
        underWay.set(key, outcome);
        const over = (): void => void underWay.delete(key);
        outcome.then(over, over);
      }
      schedule();
      return outcome;
    },
    async close() {
      closed = true;
      if (timer) clearTimeout(timer);
      timer = null;
      await running;
      await drain();
    },
  };
}
