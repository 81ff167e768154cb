/** The TikTok app that the sandbox knows from the start, and that the product uses where the sandbox is its TikTok. */
export const SANDBOX_APP = {
  client_key: 'sbawshowrunner0000',
  client_secret: 'sandbox-client-secret-0000000000',
} as const;

/** The same for TikTok Shop, whose apps are of another kind. */
export const SANDBOX_SHOP_APP = {
  app_key: '6sb0showrun1',
  app_secret: 'sandbox-shop-secret-000000000000000000000',
  /** Names the app on the consent page; not the app_key. */
  service_id: '7400000000000000001',
} as const;
