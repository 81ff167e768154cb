import { Context } from '@temporalio/activity';
import type { Db } from '../../../db/client.ts';
import { findQuestion, storeAnswer } from '../../../db/shop-read.repository.ts';
import type { ReadShopInput, ShopRead } from '../../../domain/contracts/channel.ts';
import type { ShopResult } from '../../../domain/contracts/shop-api.ts';
import { ERRORS } from '../../../domain/errors.ts';
import type { ShopAccess, ShopClient } from '../../../tiktok/shop/index.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import type { ShopCalls } from '../shop-calls.ts';

export interface ReadShopDeps {
  db: Db;
  tiktok: Pick<ShopClient, 'authorizedShops' | 'activeShops' | 'searchProducts' | 'product' | 'searchOrders' | 'orders' | 'shippingProviders' | 'package' | 'handoverSlots' | 'warehouses'>;
  calls: ShopCalls;
}

/** Where asking again soon is worth while. */
export interface ReadShopAgain {
  /** null: it is answered. */
  again_after_ms: number | null;
}

const LONGEST_WAIT_MS = 5_000;

export function createReadShopActivities({ db, tiktok, calls }: ReadShopDeps) {
  return {
    /** Asks TikTok what the row says and keeps the answer there, a refusal too. */
    readShop: (input: ReadShopInput): Promise<ReadShopAgain> =>
      heartbeating(async () => {
        const question = await findQuestion(db, input);
        if (!question) return { again_after_ms: null };
        const signal = Context.current().cancellationSignal;
        const answer = await calls.withShop<unknown>(input.channel_id, { signal }, (access) => ask(tiktok, access, question, signal));
        await storeAnswer(db, input, answer);
        const isOver = answer.ok || answer.retry !== 'later' || answer.code === 'shop_channel_paused';
        const wait = isOver ? Infinity : (answer.retry_after_ms ?? 0);
        return { again_after_ms: wait <= LONGEST_WAIT_MS ? wait : null };
      }),
  };
}

function ask(tiktok: ReadShopDeps['tiktok'], access: ShopAccess, question: ShopRead, signal: AbortSignal): Promise<ShopResult<unknown>> {
  switch (question.kind) {
    case 'authorized_shops':
      return authorizedShops(tiktok, access, signal);
    case 'active_shops':
      return tiktok.activeShops(access, signal);
    case 'products':
      return tiktok.searchProducts(access, { page_size: question.page_size, page_token: question.page_token, status: question.status ?? undefined }, signal);
    case 'product':
      return tiktok.product(access, question.product_id, signal);
    case 'orders':
      return tiktok.searchOrders(access, { page_size: question.page_size, page_token: question.page_token, status: question.status ?? undefined }, signal);
    case 'order':
      return order(tiktok, access, question.order_id, signal);
    case 'providers':
      return tiktok.shippingProviders(access, question.delivery_option_id, signal);
    case 'package':
      return tiktok.package(access, question.package_id, signal);
    case 'handover_slots':
      return tiktok.handoverSlots(access, question.package_id, signal);
    case 'warehouses':
      return tiktok.warehouses(access, signal);
  }
}

/** Without the ciphers, which are nobody else's business. */
async function authorizedShops(tiktok: ReadShopDeps['tiktok'], access: ShopAccess, signal: AbortSignal): Promise<ShopResult<unknown>> {
  const answer = await tiktok.authorizedShops(access, signal);
  return answer.ok ? { ok: true, value: answer.value.map(({ cipher: _, ...shop }) => shop) } : answer;
}

/** TikTok leaves out what it does not know. */
async function order(tiktok: ReadShopDeps['tiktok'], access: ShopAccess, orderId: string, signal: AbortSignal): Promise<ShopResult<unknown>> {
  const answer = await tiktok.orders(access, [orderId], signal);
  if (!answer.ok) return answer;
  const [found] = answer.value.orders;
  if (found) return { ok: true, value: found };
  const [unreadable] = answer.value.unreadable;
  const code = unreadable ? 'tiktok_bad_response' : 'shop_order_not_found';
  return { ok: false, code, reason: unreadable?.reason ?? ERRORS[code].message, tiktok_code: null, definite: true, retry: 'never', retry_after_ms: null };
}
