import type { ShopItemFailure, ShopResult } from '../../domain/contracts/shop-api.ts';
import type { Answered } from './envelope.ts';

/** The value alone, of calls that have no items. */
export async function valueOf<T>(answer: Promise<ShopResult<Answered<T>>>): Promise<ShopResult<T>> {
  const result = await answer;
  return result.ok ? { ok: true, value: result.value.value } : result;
}

/** The items that failed, of calls that tell nothing else. */
export async function failedOf(answer: Promise<ShopResult<Answered<unknown>>>): Promise<ShopResult<ShopItemFailure[]>> {
  const result = await answer;
  return result.ok ? { ok: true, value: result.value.failed } : result;
}
