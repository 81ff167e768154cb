import type { Product } from './product.ts';
import { ApiClient, call } from './api-client.ts';
import { SANDBOX_SHOP_APP } from '../../domain/sandbox-app.ts';

export interface ConnectedShop {
  channel_uid: string;
  shop_id: string;
  name: string;
  region: string;
}

/** The control API of the sandbox's Shop half. */
export const shopControlOf = (sandboxUrl: string) => ({
  get: <T>(path: string): Promise<T> => call<T>(sandboxUrl, null, 'GET', `/control/shop${path}`),
  post: <T>(path: string, body: unknown = {}): Promise<T> => call<T>(sandboxUrl, null, 'POST', `/control/shop${path}`, body),
  patch: <T>(path: string, body: unknown = {}): Promise<T> => call<T>(sandboxUrl, null, 'PATCH', `/control/shop${path}`, body),
});

/** Connects the sandbox's shops to a new workspace of the running product, whose webhooks then come to it. The first is that of the United Kingdom. */
export async function connectShops(product: Product): Promise<{ api: ApiClient; shops: ConnectedShop[] }> {
  const control = shopControlOf(product.sandboxUrl);
  await control.patch(`/apps/${SANDBOX_SHOP_APP.app_key}`, { webhook_url: `${product.apiUrl}/webhook/`, redirect_url: `${product.apiUrl}/auth/shop/callback` });
  const api = await ApiClient.register(product.apiUrl);
  const { code } = await control.post<{ code: string }>('/code');
  await api.post('/auth/integrate-channel/', { code });
  const { items } = await api.get<{ items: ConnectedShop[] }>('/channels');
  return { api, shops: items.toSorted((a, b) => Number(b.region === 'GB') - Number(a.region === 'GB')) };
}
