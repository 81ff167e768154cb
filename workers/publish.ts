import type { WorkerContext } from './context.ts';
import type { RoleParts } from './role.ts';

/** The role that keeps TikTok accounts connected, publishes, and samples statistics. */
export async function createPublishRole(_context: WorkerContext): Promise<RoleParts> {
  return { activities: {}, close: async () => undefined };
}
