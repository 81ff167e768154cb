import type { Random } from './random.ts';
import { weighted } from './random.ts';

export interface CatalogueGift {
  gift_id: string;
  gift_name: string;
  diamond_count: number;
  /** TikTok's type 1: sent in combos, with a running count. */
  streakable: boolean;
}

const gift = (gift_id: string, gift_name: string, diamond_count: number, streakable = true): CatalogueGift => ({
  gift_id,
  gift_name,
  diamond_count,
  streakable,
});

/** A part of TikTok's gift list, with its prices in diamonds. */
export const GIFTS: readonly CatalogueGift[] = [
  gift('5655', 'Rose', 1),
  gift('5269', 'TikTok', 1),
  gift('6064', 'GG', 1),
  gift('5827', 'Ice Cream Cone', 1),
  gift('7934', 'Heart Me', 1),
  gift('5487', 'Finger Heart', 5),
  gift('8913', 'Rosa', 10),
  gift('5658', 'Perfume', 20),
  gift('5879', 'Doughnut', 30),
  gift('5659', 'Paper Crane', 99),
  gift('6104', 'Cap', 99),
  gift('5585', 'Confetti', 100, false),
  gift('5660', 'Hand Hearts', 100),
  gift('5509', 'Sunglasses', 199, false),
  gift('6267', 'Corgi', 299, false),
  gift('7168', 'Money Gun', 500, false),
  gift('5897', 'Swan', 699, false),
  gift('11046', 'Galaxy', 1_000, false),
  gift('6090', 'Fireworks', 1_088, false),
  gift('6089', 'Sports Car', 7_000, false),
  gift('6369', 'Lion', 29_999, false),
  gift('9072', 'TikTok Universe', 44_999, false),
];

const WEIGHTS = GIFTS.map((item) => [item, item.diamond_count ** -0.55] as const);

/** Cheap gifts come often, a Lion hardly ever. */
export const pickGift = (random: Random): CatalogueGift => weighted(random, WEIGHTS);

export const findGift = (idOrName: string): CatalogueGift | undefined =>
  GIFTS.find((item) => item.gift_id === idOrName || item.gift_name.toLowerCase() === idOrName.toLowerCase());
