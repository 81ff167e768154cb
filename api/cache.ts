/**
 * Answers kept for a short time, by what they are of: a change of that empties them, in every process.
 * What is kept is kept as JSON: values must survive that unchanged (no Date, no undefined within).
 */
export interface Cache {
  /**
   * What is kept under `key`, else what `load` gives, which is then kept. Callers that ask while it loads wait for the same load.
   * @param tags what the answer is made of (`stream:<id>`, `streams:<workspace id>`): `invalidate` of one of them drops it
   * @param ttlS seconds that it lives at most
   */
  through<T>(key: string, tags: readonly string[], ttlS: number, load: () => Promise<T>): Promise<T>;
  invalidate(tags: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Keeps nothing. */
export const NO_CACHE: Cache = {
  through: (_key, _tags, _ttlS, load) => load(),
  invalidate: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
