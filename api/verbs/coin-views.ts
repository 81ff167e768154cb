import type { CoinPackage } from '../../db/coin-catalogue.repository.ts';
import type { WalletEntry } from '../../db/coin-transaction.repository.ts';
import type { SentGift } from '../../db/gift.repository.ts';
import type { CatalogueGift } from '../../domain/social/gift.ts';
import { textOf, timeOf } from './views.ts';

/** `Gift` of the contract. */
export const giftView = ({ id, name, coins, image }: CatalogueGift) => ({ id, name, coins: textOf(coins), image });

/** `CoinPackage`: price in major units, for people; price_minor is what it is. */
export const coinPackageView = ({ id, name, coins, price_minor, currency, apple_product_id, google_product_id }: CoinPackage) => ({
  id,
  name,
  coins: textOf(coins),
  price: majorOf(price_minor, currency),
  price_minor: textOf(price_minor),
  currency,
  apple_product_id: apple_product_id ?? '',
  google_product_id: google_product_id ?? '',
});

/** `GiftTransaction`. */
export const sentGiftView = ({ id, request_id, receiver_id, count, coins, stream_id, video_id, created_at }: SentGift) => ({
  id,
  request_id,
  receiver_id,
  count: textOf(count),
  coins: textOf(coins),
  stream_id: textOf(stream_id),
  video_id: textOf(video_id),
  created: timeOf(created_at),
});

/** `Transaction`: amount has its sign. */
export const walletEntryView = ({ id, movement_id, kind, amount, balance_after, created_at }: WalletEntry) => ({
  id: textOf(id),
  movement_id,
  kind,
  amount: textOf(amount),
  balance: textOf(balance_after),
  created: timeOf(created_at),
});

/** `Gift` of an entry: what was given, and where. */
export const entryGiftView = (gift: WalletEntry['gift']) =>
  gift && { id: gift.id, name: gift.name, count: textOf(gift.count), stream_id: textOf(gift.stream_id), video_id: textOf(gift.video_id) };

/** 499, USD: 4.99. How many digits a currency has is known to Intl (ISO 4217). */
function majorOf(minor: number, currency: string): string {
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  return (minor / 10 ** digits).toFixed(digits);
}
