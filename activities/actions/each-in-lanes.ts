import { Context } from '@temporalio/activity';

/** Does `act` for each item, `lanes` at once, with a heartbeat after each. The first failure is thrown. */
export async function eachInLanes<T>(items: readonly T[], lanes: number, act: (item: T) => Promise<void>): Promise<void> {
  const context = Context.current();
  const queue = items.values();
  const lane = async (): Promise<void> => {
    for (const item of queue) {
      await act(item);
      context.heartbeat();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
