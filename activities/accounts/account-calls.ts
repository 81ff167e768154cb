import type { OpenApiResult } from '../../domain/contracts/open-api.ts';
import type { TikTokScope } from '../../domain/contracts/social-account.ts';

/** What a call to TikTok may need to know of its account. */
export interface CallingAccount {
  id: string;
  open_id: string;
  username: string | null;
  scopes: string[];
}

export interface CallOptions {
  /** Refused as scope_missing, by the feature's name, where the account lacks it. */
  scope: TikTokScope;
  signal?: AbortSignal;
  /** Called when the token had to be refreshed on the way. */
  onRefreshed?: () => Promise<void>;
}

/** Calls TikTok in the name of a connected account. */
export interface AccountCalls {
  /**
   * Runs `call` with a live access token. One about to expire is refreshed first, and one that TikTok takes no more
   * (tiktok_token_invalid) is refreshed and the call made once more; both through the `tiktokToken` workflow, the only one
   * that ever refreshes.
   * @returns the call's result, or a failure with reconnect_needed, account_disconnected, token_lost or scope_missing
   */
  withToken<T>(
    socialAccountId: string,
    options: CallOptions,
    call: (accessToken: string, account: CallingAccount) => Promise<OpenApiResult<T>>,
  ): Promise<OpenApiResult<T>>;
}
