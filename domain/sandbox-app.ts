/** The TikTok app that the sandbox knows from the start, and that the product uses where the sandbox is its TikTok. */
export const SANDBOX_APP = {
  client_key: 'sbawshowrunner0000',
  client_secret: 'sandbox-client-secret-0000000000',
} as const;
