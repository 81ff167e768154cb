/** Tag that everything has: to renew it empties the cache. */
export const EVERYTHING = 'everything';

export interface Kept {
  /** JSON; null: nothing is kept that still holds. */
  text: string | null;
  /** Stands for the state of the key's tags at this moment. */
  stamp: string;
}

/**
 * Where a cache keeps texts. An entry holds only while the stamp under which it was put is still that of its tags: so one whose
 * load began before a change can be put after it and is never found. A stamp that is lost (evicted) never comes again.
 */
export interface CacheStore {
  /** @throws where the store is away */
  get(key: string, tags: readonly string[]): Promise<Kept>;
  /** @throws where the store is away */
  put(key: string, stamp: string, ttlS: number, text: string): Promise<void>;
  /** Gives these tags new stamps. @throws where the store is away */
  renew(tags: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
