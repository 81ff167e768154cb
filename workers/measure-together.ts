/**
 * For metrics that one measurement sets together: the registry asks all of them at the same moment and takes each one's figure as
 * soon as its own `collect` is done, so all of them wait for the same measurement. Give it to each as `collect`.
 */
export function measureTogether(measure: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => (running ??= measure().finally(() => (running = null)));
}
