export type ShopMarket = 'us' | 'row';

/** https://partner.tiktokshop.com/docv2/page/authorization-guide-202309 */
const AUTHORIZE_URLS: Readonly<Record<ShopMarket, string>> = {
  us: 'https://services.us.tiktokshop.com/open/authorize',
  row: 'https://services.tiktokshop.com/open/authorize',
};

/**
 * Where a seller gives consent. There is no redirect_uri: TikTok returns to the one fixed in Partner Center.
 * @param service_id of the app in Partner Center, which is not its app_key
 * @param authorizeUrl another server's, in place of TikTok's page for the market
 */
export function shopConnectUrl({ service_id, state, market, authorizeUrl }: { service_id: string; state: string; market: ShopMarket; authorizeUrl?: string | null }): string {
  const url = new URL(authorizeUrl ?? AUTHORIZE_URLS[market]);
  url.searchParams.set('service_id', service_id);
  url.searchParams.set('state', state);
  return url.href;
}
