import { describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ShopCalls } from '../../activities/shop/shop-calls.ts';
import { createChannelStock, type StockWrite, type WriteOutcome } from '../../activities/shop/stock/stock-writer.ts';
import type { ShopFailure, ShopItemFailure, ShopResult, StockUpdate } from '../../domain/contracts/shop-api.ts';

const FAILED = { ok: false, code: 'shop_refused', reason: 'TikTok Shop: no.', tiktok_code: 1, definite: true, retry: 'never', retry_after_ms: null } as const satisfies ShopFailure;
const writesOf = (product_id: string, count: number): StockWrite[] => Array.from({ length: count }, (_, index) => ({ product_id, update: { sku_id: `${product_id}-${index}`, inventory: [{ warehouse_id: null, quantity: index }] } }));

/** The writer over a TikTok that answers each call by `answer`; `calls` is what it was asked. */
function writerOver(answer: (product_id: string, skus: string[]) => ShopResult<ShopItemFailure[]>) {
  const asked: [string, string[]][] = [];
  const calls = { withShop: (_channel: string, _options: object, use: (access: never) => unknown) => use({} as never) } as unknown as ShopCalls;
  const tiktok = {
    inventory: () => Promise.reject(new Error('nobody reads here')),
    updateInventory: (_access: unknown, product_id: string, updates: readonly StockUpdate[]) => {
      const skus = updates.map(({ sku_id }) => sku_id);
      asked.push([product_id, skus]);
      return Promise.resolve(answer(product_id, skus));
    },
  };
  const stock = createChannelStock({ tiktok, calls }, 'channel', new AbortController().signal);
  return { asked, stock, write: (writes: StockWrite[]) => new MockActivityEnvironment().run(() => stock.write(writes)) as Promise<Map<string, WriteOutcome>> };
}

describe('Writing stock', () => {
  test('takes 100 SKUs of one product a call, each once, in their order', async () => {
    const { asked, stock, write } = writerOver(() => ({ ok: true, value: [] }));
    const outcomes = await write([...writesOf('a', 250), ...writesOf('b', 100), ...writesOf('c', 1)]);
    expect(asked.map(([product, skus]) => [product, skus.length]).sort()).toEqual([['a', 100], ['a', 100], ['a', 50], ['b', 100], ['c', 1]]);
    expect(asked.filter(([product]) => product === 'a').flatMap(([, skus]) => skus)).toEqual(writesOf('a', 250).map(({ update }) => update.sku_id));
    expect(stock.calls).toBe(5);
    expect(outcomes.size).toBe(351);
    expect(new Set([...outcomes.values()].map(({ kind }) => kind))).toEqual(new Set(['taken']));
  });

  test('lets a call that is refused be the fate of its own SKUs alone', async () => {
    const { write } = writerOver((_product, skus) => (skus.includes('a-100') ? { ...FAILED, retry_after_ms: 7 } : { ok: true, value: [] }));
    const outcomes = await write(writesOf('a', 201));
    expect(['a-0', 'a-99', 'a-100', 'a-199', 'a-200'].map((sku) => outcomes.get(sku)!.kind)).toEqual(['taken', 'taken', 'refused', 'refused', 'taken']);
    expect(outcomes.get('a-150')).toEqual({ kind: 'refused', failure: expect.objectContaining({ code: 'shop_refused' }), retry_after_ms: 7 });
  });

  test('knows nothing of a call without an answer, nor of one whose failure names no SKU', async () => {
    const nameless = { id: null, code: 'shop_refused', reason: 'one of them', tiktok_code: 2, retry: 'never' } as ShopItemFailure;
    const { write } = writerOver((product) => (product === 'a' ? { ...FAILED, definite: false } : { ok: true, value: [{ ...nameless, id: 'b-0' }, nameless] }));
    const outcomes = await write([...writesOf('a', 1), ...writesOf('b', 2)]);
    expect(['a-0', 'b-0', 'b-1'].map((sku) => outcomes.get(sku)!.kind)).toEqual(['lost', 'refused', 'lost']);
  });
});
