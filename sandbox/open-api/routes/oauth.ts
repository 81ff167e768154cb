import { randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { Hono } from 'hono';
import type { Account } from '../state/accounts.ts';
import type { Pair, TokenOutcome } from '../state/grants.ts';
import type { Answer } from '../wire/answers.ts';
import { oauthError, oauthOk } from '../wire/answers.ts';
import type { Json } from '../wire/json.ts';
import type { OpenApiPath } from '../wire/paths.ts';
import type { Env } from '../wire/serve.ts';
import { serve } from '../wire/serve.ts';
import type { World } from '../world.ts';

/** OAuth's refusal; it has an envelope of its own. */
class OAuthFault extends Error {
  readonly error: string;

  constructor(error: string, description: string) {
    super(description);
    this.error = error;
  }
}

const MALFORMED = 'The request parameters are malformed.';
const CLIENT_TOKEN_LIFETIME_S = 7_200;

/** /v2/oauth/: form-encoded in, flat JSON out. */
export function oauthRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  const endpoint = (path: OpenApiPath, accountOf: (form: URLSearchParams) => Account | null, handle: (form: URLSearchParams, account: Account | null) => Json): void => {
    app.post(path, async (c) => {
      const form = await formOf(c);
      const account = form && accountOf(form);
      return serve(world, c, {
        path,
        account,
        act: () => answerOf(world, () => handle(demandClient(world, form), account)),
        refuse: (status, code, message) => oauthError(world.clock.now(), status, code, message),
      });
    });
  };

  endpoint(
    '/v2/oauth/token/',
    (form) => world.grants.accountOfRefresh(form.get('refresh_token') ?? '') ?? world.grants.accountOfCode(form.get('code') ?? ''),
    (form, account) => grantToken(world, form, account),
  );
  endpoint(
    '/v2/oauth/revoke/',
    (form) => world.grants.accountOfAccess(form.get('token') ?? ''),
    (form, account) => {
      if (!world.grants.byAccess(required(form, 'token')) || !account) throw new OAuthFault('invalid_grant', 'Access token is invalid or expired.');
      world.life.disconnect(account, 5);
      return {};
    },
  );
  return app;
}

function grantToken(world: World, form: URLSearchParams, account: Account | null): Json {
  switch (form.get('grant_type')) {
    case 'authorization_code':
      return tokenBody(world, world.grants.exchange({ code: required(form, 'code'), redirect_uri: required(form, 'redirect_uri'), verifier: form.get('code_verifier') }));
    case 'refresh_token': {
      const outcome = world.grants.refresh(required(form, 'refresh_token'));
      if (outcome.kind === 'granted') world.journal.count(account, 'refreshes');
      if (outcome.replayed) world.journal.count(account, 'replayed_refreshes');
      return tokenBody(world, outcome);
    }
    case 'client_credentials':
      return { access_token: `clt.${randomBytes(24).toString('base64url')}`, expires_in: CLIENT_TOKEN_LIFETIME_S, token_type: 'Bearer' };
    case null:
      throw new OAuthFault('invalid_request', MALFORMED);
    default:
      throw new OAuthFault('unsupported_grant_type', 'The grant type is not supported.');
  }
}

function tokenBody(world: World, outcome: TokenOutcome): Json {
  if (outcome.kind === 'refused') throw new OAuthFault(outcome.error, outcome.description);
  return pairBody(outcome.pair, world.clock.now());
}

/** Lifetimes are what remains. */
export const pairBody = ({ access, refresh }: Pair, now: number) => ({
  access_token: access.value,
  expires_in: Math.max(0, Math.round((access.expires_ms - now) / 1_000)),
  open_id: access.grant.account.open_id,
  refresh_expires_in: Math.max(0, Math.round((refresh.expires_ms - now) / 1_000)),
  refresh_token: refresh.value,
  scope: access.grant.scopes.join(','),
  token_type: 'Bearer',
});

async function formOf(c: Context<Env>): Promise<URLSearchParams | null> {
  const text = await c.req.text();
  return /^application\/x-www-form-urlencoded\b/i.test(c.req.header('content-type') ?? '') ? new URLSearchParams(text) : null;
}

function demandClient(world: World, form: URLSearchParams | null): URLSearchParams {
  const { client_key, client_secret } = world.settings.current.app;
  if (!form || !form.get('client_key')) throw new OAuthFault('invalid_request', MALFORMED);
  if (!form.get('client_secret')) throw new OAuthFault('invalid_request', 'Client secret is missed in request.');
  if (form.get('client_key') !== client_key || form.get('client_secret') !== client_secret) {
    throw new OAuthFault('invalid_client', 'Client key or secret is incorrect.');
  }
  return form;
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (!value) throw new OAuthFault('invalid_request', MALFORMED);
  return value;
}

function answerOf(world: World, run: () => Json): Answer {
  const now = world.clock.now();
  try {
    return oauthOk(now, run());
  } catch (error) {
    if (error instanceof OAuthFault) return oauthError(now, world.settings.current.tokens.error_status, error.error, error.message);
    throw error;
  }
}
