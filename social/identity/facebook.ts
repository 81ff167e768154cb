import { z } from 'zod';
import { createProviderHttp, ProviderDown } from './provider-http.ts';
import type { IdentityCheck } from './verifier.ts';

export interface FacebookOptions {
  appId: string;
  appSecret: string;
  graphUrl: string;
  timeoutMs: number;
}

/** https://developers.facebook.com/docs/graph-api/reference/debug_token/ */
const answerSchema = z.object({
  data: z.object({
    is_valid: z.boolean(),
    app_id: z.coerce.string().optional(),
    user_id: z.coerce.string().optional(),
    type: z.string().optional(),
    /** Epoch seconds; 0: never. */
    expires_at: z.number().optional(),
  }),
});

/** Checks access tokens of Facebook Login by asking Facebook about them, as the app. It vouches for the id alone. */
export function createFacebookCheck({ appId, appSecret, graphUrl, timeoutMs }: FacebookOptions): IdentityCheck {
  const http = createProviderHttp('Facebook', timeoutMs);
  const base = graphUrl.replace(/\/+$/, '');
  return async ({ token, social_id }) => {
    const query = new URLSearchParams({ input_token: token, access_token: `${appId}|${appSecret}` });
    const parsed = answerSchema.safeParse(await http.json(`${base}/debug_token?${query}`));
    if (!parsed.success) throw new ProviderDown('Facebook answered with something that is not its protocol');
    const { is_valid, app_id, user_id, type, expires_at } = parsed.data.data;
    if (!is_valid) return { refused: 'Facebook says that the token is not valid' };
    if (app_id !== appId) return { refused: 'Facebook’s token is for another app' };
    if (type !== undefined && type !== 'USER') return { refused: 'Facebook’s token is not a person’s' };
    if (expires_at !== undefined && expires_at !== 0 && expires_at * 1_000 <= Date.now()) return { refused: 'Facebook’s token has expired' };
    if (user_id === undefined || user_id !== social_id) return { refused: 'Facebook’s token is somebody else’s' };
    return { social_id, email: null, first_name: null, last_name: null, picture: null };
  };
}
