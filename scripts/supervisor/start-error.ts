/** A reason not to start that a person can act on: printed as it is, without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** What went wrong, in the words of the innermost cause that has some (Node's AggregateError of a refused connection has none). */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.message || reasonOf(error.cause);
}
