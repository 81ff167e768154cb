import { isGrpcDeadlineError, isGrpcServiceError } from '@temporalio/client';

/** UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED and CANCELLED of https://grpc.io/docs/guides/status-codes/. */
const AWAY = new Set([14, 8, 10, 1]);

/** The call could not be made, or nobody knows what became of it: nothing is wrong with what was said. */
export const isTemporalAway = (error: unknown): boolean => chain(error).some((each) => isGrpcDeadlineError(each) || (isGrpcServiceError(each) && AWAY.has(each.code)));

/** What the innermost error says: the SDK wraps what the server said. */
export const errorMessageOf = (error: unknown): string => {
  const messages = chain(error).map((each) => (each instanceof Error ? each.message : String(each)));
  return [...new Set(messages)].join(': ').slice(0, 500);
};

function chain(error: unknown): unknown[] {
  const links: unknown[] = [];
  for (let each = error; each !== undefined && each !== null && links.length < 5; each = each instanceof Error ? each.cause : undefined) links.push(each);
  return links;
}
