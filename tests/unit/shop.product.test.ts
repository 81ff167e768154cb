import { describe, expect, test } from '@jest/globals';
import { decideProduct, mergeProduct, type StoredProduct } from '../../domain/shop/product-change.ts';
import { canonicalProduct } from '../../domain/shop/product-content.ts';
import { afterForgotten, afterPage, afterTooMany, listedTotals, MOST_RESTARTS, newPlace, type ListPlace } from '../../domain/shop/product-list.ts';
import { lotsFrom, stateIsAsWished } from '../../domain/shop/product-update.ts';
import { shopProduct, shopSku } from '../helpers/products.ts';

const product = shopProduct('17');
const stored = (over: Partial<NonNullable<StoredProduct>> = {}): StoredProduct => ({ data: product, fingerprint: canonicalProduct(product), update_time_ms: product.update_time_ms, seen_ms: 1_000, is_removed: false, ...over });
const seen = (over: Parameters<typeof shopProduct>[1] = {}, seen_ms = 2_000) => {
  const now = shopProduct('17', over);
  return { product: now, fingerprint: canonicalProduct(now), seen_ms };
};

describe('What is said of a product', () => {
  test('is the same text in whatever order TikTok lists SKUs and warehouses, and by search or detail', () => {
    const inventory = [{ warehouse_id: 'a', quantity: 1 }, { warehouse_id: 'b', quantity: 2 }];
    const one = shopProduct('1', { skus: [shopSku('1', { inventory }), shopSku('2')] });
    const other = shopProduct('1', { skus: [shopSku('2', { attributes: [{ name: 'Colour', value: 'Red' }] }), shopSku('1', { inventory: inventory.toReversed() })], description: 'x', detailed: true, update_time_ms: 1 });
    expect(canonicalProduct(other)).toBe(canonicalProduct(one));
  });

  test.each([
    ['title', { title: 'Other' }],
    ['status', { status: 'FREEZE' }],
    ['price', { skus: [shopSku('171', { price: { amount: 1, currency: 'GBP' } })] }],
    ['stock', { skus: [shopSku('171', { inventory: [{ warehouse_id: 'w1', quantity: 9 }] })] }],
    ['seller_sku', { skus: [shopSku('171', { seller_sku: null })] }],
    ['number of SKUs', { skus: [] }],
  ])('is another one where its %s is', (_what, over) => {
    expect(canonicalProduct(shopProduct('17', over))).not.toBe(canonicalProduct(product));
  });
});

describe('A product that TikTok shows', () => {
  test.each([
    ['is created where it was never seen', null, seen(), 'created'],
    ['is created where its row was made just now', stored({ fingerprint: '' }), seen(), 'created'],
    ['is created again where it was removed', stored({ is_removed: true }), seen(), 'created'],
    ['is no news where it is the same', stored(), seen(), null],
    ['is no news where only the time is another', stored(), seen({ update_time_ms: product.update_time_ms! + 1_000 }), null],
    ['is updated by another price', stored(), seen({ skus: [shopSku('171', { price: null })] }), 'updated'],
    ['has another status', stored(), seen({ status: 'FREEZE', title: 'Other' }), 'status'],
    ['is removed by DELETED', stored(), seen({ status: 'DELETED' }), 'removed'],
    ['is not removed twice', stored({ is_removed: true }), seen({ status: 'DELETED' }), null],
    ['that was deleted before we saw it is not told', null, seen({ status: 'DELETED' }), null],
  ] as const)('%s', (_what, before, now, change) => {
    expect(decideProduct(before, now).change).toBe(change);
  });

  test('changes nothing where TikTok changed it before what is stored, or was asked earlier in the same second', () => {
    for (const [before, now] of [
      [stored(), seen({ title: 'Old', update_time_ms: product.update_time_ms! - 1_000 }, 9_000)],
      [stored({ seen_ms: 3_000 }), seen({ title: 'Old' }, 2_000)],
      [stored({ update_time_ms: null, seen_ms: 3_000 }), seen({ title: 'Old' }, 2_000)],
    ] as const) expect(decideProduct(before, now)).toEqual({ data: null, is_removed: false, change: null });
  });

  test('in a search keeps what a detail gave', () => {
    const detail = shopProduct('17', { description: '<p>', image_urls: ['u'], detailed: true, skus: [shopSku('171', { attributes: [{ name: 'Colour', value: 'Red' }] })] });
    const merged = mergeProduct(detail, shopProduct('17', { title: 'New', skus: [shopSku('171'), shopSku('172')] }));
    expect(merged).toMatchObject({ title: 'New', description: '<p>', image_urls: ['u'], detailed: true });
    expect(merged.skus.map(({ attributes }) => attributes.length)).toEqual([1, 0]);
    expect(mergeProduct(detail, shopProduct('17', { description: null, detailed: true })).description).toBeNull();
  });
});

describe('The place in a list', () => {
  const page = { next_page_token: null, total_count: null, done: 0, failed: 0, changed: 0, missed: 0 };
  test('counts each window once, though one begins anew', () => {
    let place = afterPage(newPlace(0), { ...page, next_page_token: 'b', total_count: 150, done: 99, failed: 1 });
    place = afterForgotten(place)!;
    expect(listedTotals(place)).toEqual({ done: 0, failed: 0, total: 150 });
    place = afterPage(place, { ...page, next_page_token: 'b', total_count: 150, done: 100 });
    place = afterPage(place, { ...page, total_count: 150, done: 50 });
    expect(place.windows).toEqual([]);
    expect(listedTotals(place)).toEqual({ done: 150, failed: 0, total: 150 });
  });

  test('is given up where TikTok forgets it again and again', () => {
    let place: ListPlace | null = newPlace(0);
    for (let times = 0; times < MOST_RESTARTS; times += 1) place = afterForgotten(place!);
    expect(place).not.toBeNull();
    expect(afterForgotten(place!)).toBeNull();
  });

  test('splits what is too much into windows without gap or overlap, down to a second', () => {
    const now = Date.UTC(2026, 10, 21);
    let places = [newPlace(now)];
    const born = Array.from({ length: 60 }, (_, n) => now - n * n * 37_000_001);
    const inWindow = (place: ListPlace) => born.filter((at) => at >= (place.windows[0]!.from_ms ?? -Infinity) && at < (place.windows[0]!.to_ms ?? Infinity)).length;
    let place = places[0]!;
    const found: number[] = [];
    for (let steps = 0; place.windows.length > 0 && steps < 1_000; steps += 1) {
      const count = inWindow(place);
      const split = count > 5 ? afterTooMany(place, null) : null;
      if (count > 5) expect(split).not.toBeNull();
      if (!split) found.push(count);
      place = split ?? afterPage(place, { ...page, done: count });
    }
    places = [place];
    expect(places[0]!.windows).toEqual([]);
    expect(found.reduce((sum, count) => sum + count, 0)).toBe(born.length);
    expect(listedTotals(place).done).toBe(born.length);
    expect(afterTooMany({ ...newPlace(now), windows: [{ from_ms: 5_000, to_ms: 6_000 }] }, null)).toBeNull();
  });
});

test('lots go on behind what is settled', () => {
  const ids = Array.from({ length: 45 }, (_, n) => n);
  expect(lotsFrom(ids, 0).map(({ length }) => length)).toEqual([20, 20, 5]);
  expect(lotsFrom(ids, 40)).toEqual([[40, 41, 42, 43, 44]]);
  expect(lotsFrom(ids, 45)).toEqual([]);
  expect(stateIsAsWished('activate', 'PENDING') && stateIsAsWished('deactivate', 'SELLER_DEACTIVATED')).toBe(true);
  expect(stateIsAsWished('activate', 'FREEZE') || stateIsAsWished('deactivate', 'DRAFT')).toBe(false);
});
