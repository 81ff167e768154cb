import { createPrivateKey } from 'node:crypto';
import { grantedToken, grantForm, keepAccessToken, type AccessTokens } from '../../google/service-account.ts';
import { StoreDown, type StoreHttp } from '../store-http.ts';

/** The JSON key file of a service account, as far as it is used. */
export interface ServiceAccount {
  client_email: string;
  /** PEM. */
  private_key: string;
  private_key_id?: string;
}

/** A token is not used in its last minute. */
const SPARE_MS = 60_000;

/** Access tokens for Google Play; getting one may throw StoreDown. */
export function createAccessTokens(http: StoreHttp, { tokenUrl, account, scope }: { tokenUrl: string; account: ServiceAccount; scope: string }): AccessTokens {
  const { private_key, ...names } = account;
  const privateKey = createPrivateKey(private_key);
  return keepAccessToken(async () => {
    const body = await grantForm({ ...names, tokenUrl, scope, nowS: Math.floor(Date.now() / 1_000) }, privateKey);
    const { status, json } = await http.send({ method: 'POST', url: tokenUrl, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
    const parsed = grantedToken.safeParse(json);
    if (status !== 200 || !parsed.success) throw new StoreDown(`Google gave our service account no token (HTTP ${status}): see GOOGLE_SERVICE_ACCOUNT.`);
    return parsed.data;
  }, SPARE_MS);
}
