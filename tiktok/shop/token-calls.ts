import type { ShopResult, ShopTokens } from '../../domain/contracts/shop-api.ts';
import { redactor } from '../http/redact.ts';
import type { ShopApp, ShopClient } from './client.ts';
import { readAnswer } from './envelope.ts';
import { tokensSchema } from './schemas/authorization.ts';
import type { Transport } from './transport.ts';

type TokenCalls = Pick<ShopClient, 'getTokens' | 'refreshTokens'>;

const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * The token host takes unsigned GETs with the secret in the query, so these URLs are in no log and no error:
 * https://partner.tiktokshop.com/docv2/page/authorization-guide-202309.
 */
export function createTokenCalls(transport: Transport, authUrl: string, app: ShopApp): TokenCalls {
  const ask = async (route: 'get' | 'refresh', grant: { [name: string]: string }, signal: AbortSignal | undefined): Promise<ShopResult<ShopTokens>> => {
    const query = new URLSearchParams({ app_key: app.app_key, app_secret: app.app_secret, ...grant });
    const url = `${authUrl}/api/v2/token/${route}?${query}`;
    const headers = { accept: 'application/json', 'user-agent': 'Showrunner/1' };
    const sent = await transport.send({ method: 'GET', url, headers, body: null, maxBytes: MAX_ANSWER_BYTES, once: true }, signal);
    if (!sent.ok) return sent;
    const result = readAnswer(sent.answer, tokensSchema, redactor([app.app_secret, grant.auth_code, grant.refresh_token]));
    return result.ok ? { ok: true, value: result.value.value } : result;
  };
  return {
    // TikTok's spelling of the grant, not OAuth's.
    getTokens: (auth_code, signal) => ask('get', { auth_code, grant_type: 'authorized_code' }, signal),
    refreshTokens: (refresh_token, signal) => ask('refresh', { refresh_token, grant_type: 'refresh_token' }, signal),
  };
}
