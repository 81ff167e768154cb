/** Keeps answers for a moment, and asks once for all who ask meanwhile; faults are kept for nobody. */
export function createRecent<T>(freshMs: number, limit: number): (key: string, ask: () => Promise<T>) => Promise<T> {
  const kept = new Map<string, { at: number; answer: Promise<T> }>();
  return (key, ask) => {
    const there = kept.get(key);
    if (there && performance.now() - there.at < freshMs) return there.answer;
    const answer = ask();
    const entry = { at: performance.now(), answer };
    kept.delete(key);
    kept.set(key, entry);
    if (kept.size > limit) kept.delete(kept.keys().next().value!);
    answer.catch(() => {
      if (kept.get(key) === entry) kept.delete(key);
    });
    return answer;
  };
}
