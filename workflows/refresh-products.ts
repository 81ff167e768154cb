import { allHandlersFinished, condition, continueAsNew, isCancellation, proxyActivities, setCurrentDetails, setHandler, sleep, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ProductActivities } from '../activities/shop/products/product.activities.ts';
import type { ChannelInput } from '../domain/contracts/shop-sync.ts';
import { productsChangedSignal } from './refresh-products.messages.ts';

/** Of a product that is edited, several webhooks come at once. */
const SETTLE_MS = 200;
const AT_ONCE = 100;
/** It is started by a signal. */
const FIRST_WORD_MS = 1_000;
/** Beyond so many the next sync is quicker, and finds them. */
const MOST_WAITING = 5_000;
const MAX_HISTORY = 4_000;
const TRIES = 10;

export interface RefreshProductsInput extends ChannelInput {
  carried?: { product_ids: string[] };
}

/** Reads products that are new or changed at TikTok, each once for all that was said of it meanwhile; ends when there is nothing more. */
export async function refreshProducts(input: RefreshProductsInput): Promise<void> {
  const { channel_id, workspace_id, timings = {}, carried } = input;
  const { retry_initial_ms = 500, retry_max_ms = 60_000, max_history = MAX_HISTORY } = timings;
  const waiting = new Set(carried?.product_ids);
  setHandler(productsChangedSignal, ({ product_ids }) => {
    for (const id of product_ids) if (waiting.size < MOST_WAITING) waiting.add(id);
  });
  upsertSearchAttributes({ WorkspaceId: [workspace_id], ChannelId: [channel_id] });
  const { readProducts } = proxyActivities<ProductActivities>({
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '15 seconds',
    retry: { initialInterval: retry_initial_ms, maximumInterval: retry_max_ms, maximumAttempts: TRIES },
  });

  if (waiting.size === 0) await condition(() => waiting.size > 0, FIRST_WORD_MS);
  // A signal that comes while the last pass ends makes Temporal run this again, with more waiting.
  while (waiting.size > 0) {
    if (waiting.size < AT_ONCE) await sleep(SETTLE_MS);
    const product_ids = [...waiting].slice(0, AT_ONCE);
    for (const id of product_ids) waiting.delete(id);
    const stopped = await read(product_ids);
    if (stopped !== null) setCurrentDetails(`Not all could be read, and the next sync finds them: ${stopped}`);
    if (workflowInfo().historyLength >= max_history && waiting.size > 0) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof refreshProducts>({ ...input, carried: { product_ids: [...waiting] } });
    }
  }

  async function read(product_ids: string[]): Promise<string | null> {
    try {
      return (await readProducts({ channel_id, workspace_id, product_ids })).stopped_by;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
    }
  }
}
