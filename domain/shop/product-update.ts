/** https://partner.tiktokshop.com/docv2/page/activate-product-202309 */
export const LARGEST_LOT = 20;

/** What is left after the first `settled`, in lots that TikTok takes. */
export function lotsFrom<T>(items: readonly T[], settled: number, size = LARGEST_LOT): T[][] {
  const left = items.slice(settled);
  return Array.from({ length: Math.ceil(left.length / size) }, (_, lot) => left.slice(lot * size, (lot + 1) * size));
}

/** Going live begins with another review: PENDING is on its way. */
export const stateIsAsWished = (action: 'activate' | 'deactivate', status: string): boolean =>
  action === 'activate' ? status === 'ACTIVATE' || status === 'PENDING' : status === 'SELLER_DEACTIVATED';
