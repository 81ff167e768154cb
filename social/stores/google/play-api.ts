import { z } from 'zod';
import { StoreDown, type StoreHttp } from '../store-http.ts';
import type { AccessTokens } from '../../google/service-account.ts';

/** https://developers.google.com/android-publisher/api-ref/rest/v3/purchases.products */
const productPurchase = z.object({
  /** 0 bought, 1 cancelled, 2 pending. */
  purchaseState: z.int().default(0),
  /** 1: it can be bought again. */
  consumptionState: z.int().default(0),
  acknowledgementState: z.int().default(0),
  /** Absent: an ordinary one. 0: of a licence tester. */
  purchaseType: z.int().optional(),
  productId: z.string().optional(),
  quantity: z.int().min(1).max(1_000).default(1),
  /** How many of them were not refunded. */
  refundableQuantity: z.int().min(0).optional(),
  obfuscatedExternalAccountId: z.string().optional(),
});
export type ProductPurchase = z.output<typeof productPurchase>;

export interface PlayProduct {
  productId: string;
  token: string;
}

export interface PlayApi {
  /** @returns gone: Google knows no such purchase of this app, or no more @throws StoreDown */
  get(product: PlayProduct): Promise<ProductPurchase | 'gone'>;
  /** @throws StoreDown, also where Google refuses it */
  acknowledge(product: PlayProduct): Promise<void>;
  consume(product: PlayProduct): Promise<void>;
}

/** A wrong token is 400 or 404, one that has ended 410. */
const GONE = new Set([400, 404, 410]);

export function createPlayApi(http: StoreHttp, tokens: AccessTokens, { url, packageName }: { url: string; packageName: string }): PlayApi {
  const base = `${url.replace(/\/+$/, '')}/androidpublisher/v3/applications/${encodeURIComponent(packageName)}/purchases/products`;

  async function call(method: 'GET' | 'POST', { productId, token }: PlayProduct, action = '') {
    const accessToken = await tokens.get();
    const reply = await http.send({
      method,
      url: `${base}/${encodeURIComponent(productId)}/tokens/${encodeURIComponent(token)}${action}`,
      headers: { authorization: `Bearer ${accessToken}`, ...(method === 'POST' && { 'content-type': 'application/json' }) },
      ...(method === 'POST' && { body: '{}' }),
    });
    if (reply.status === 401) tokens.forget(accessToken);
    return reply;
  }

  async function tell(product: PlayProduct, action: ':acknowledge' | ':consume'): Promise<void> {
    const { status } = await call('POST', product, action);
    if (status < 200 || status >= 300) throw new StoreDown(`Google Play answered ${action.slice(1)} with HTTP ${status}.`);
  }

  return {
    async get(product) {
      const { status, json } = await call('GET', product);
      if (GONE.has(status)) return 'gone';
      if (status !== 200) throw new StoreDown(`Google Play answered HTTP ${status}${status === 401 || status === 403 ? ': see the rights of GOOGLE_SERVICE_ACCOUNT in the Play Console' : ''}.`);
      const parsed = productPurchase.safeParse(json);
      if (!parsed.success) throw new StoreDown('Google Play answered with something that is no purchase.');
      return parsed.data;
    },
    acknowledge: (product) => tell(product, ':acknowledge'),
    consume: (product) => tell(product, ':consume'),
  };
}
