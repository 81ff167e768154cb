import { z } from 'zod';
import { SANDBOX_SHOP_APP } from '../../../domain/sandbox-app.ts';

const MAX_APPS = 100;

/** https://partner.tiktokshop.com/docv2/page/access-scope */
export const SHOP_SCOPES = [
  'seller.authorization.info',
  'seller.shop.info',
  'seller.product.basic',
  'seller.product.write',
  'seller.order.info',
  'seller.fulfillment.basic',
  'seller.fulfillment.package.write',
  'seller.logistics',
  'seller.global_product.info',
  'seller.delivery.status.write',
  'seller.return_refund.basic',
] as const;
export type ShopScope = (typeof SHOP_SCOPES)[number];
export const scopeSchema = z.enum(SHOP_SCOPES);

const httpUrl = z.url({ protocol: /^https?$/ });
export const appSchema = z.strictObject({
  app_key: z.string().min(1).max(100),
  app_secret: z.string().min(1).max(200),
  service_id: z.string().min(1).max(64).optional(),
  /** Fixed in Partner Center: where consent leads to; null: the page shows the code. */
  redirect_url: httpUrl.nullable().default(null),
  /** Partner Center's URL for every event of every shop; a shop's own subscription goes before it. */
  webhook_url: httpUrl.nullable().default(null),
  scopes: z.array(scopeSchema).default([...SHOP_SCOPES]),
});
export type AppInput = z.infer<typeof appSchema>;
/** Without `default`s: what is absent stays. */
export const appPatchSchema = z.strictObject({
  app_secret: z.string().min(1).max(200).optional(),
  redirect_url: httpUrl.nullable().optional(),
  webhook_url: httpUrl.nullable().optional(),
  scopes: z.array(scopeSchema).optional(),
});

export interface ShopApp extends Required<Omit<AppInput, 'service_id'>> {
  service_id: string;
}

export interface Apps {
  all(): ShopApp[];
  byKey(appKey: string): ShopApp | undefined;
  byService(serviceId: string): ShopApp | undefined;
  /** Adds one, or replaces it. null: there are too many. */
  put(input: AppInput): ShopApp | null;
  patch(appKey: string, patch: z.infer<typeof appPatchSchema>): ShopApp | null;
  reset(): void;
}

export function createApps(defaults: { webhookUrl: string | null; redirectUrl: string | null }): Apps {
  const apps = new Map<string, ShopApp>();
  const reset = (): void => {
    apps.clear();
    apps.set(SANDBOX_SHOP_APP.app_key, { ...SANDBOX_SHOP_APP, redirect_url: defaults.redirectUrl, webhook_url: defaults.webhookUrl, scopes: [...SHOP_SCOPES] });
  };
  reset();
  return {
    all: () => [...apps.values()],
    byKey: (appKey) => apps.get(appKey),
    byService: (serviceId) => [...apps.values()].find(({ service_id }) => service_id === serviceId),
    put: (input) => {
      if (apps.size >= MAX_APPS && !apps.has(input.app_key)) return null;
      const app = { ...input, service_id: input.service_id ?? `service-of-${input.app_key}` };
      apps.set(app.app_key, app);
      return app;
    },
    patch: (appKey, patch) => {
      const app = apps.get(appKey);
      if (!app) return null;
      return Object.assign(app, patch);
    },
    reset,
  };
}
