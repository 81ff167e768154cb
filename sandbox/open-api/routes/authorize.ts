import type { Context } from 'hono';
import { Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { Account } from '../state/accounts.ts';
import { newLogId } from '../wire/answers.ts';
import type { Env } from '../wire/serve.ts';
import { serve } from '../wire/serve.ts';
import type { World } from '../world.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import { readAuthorizeRequest } from './authorize-request.ts';
import { consentPage, errorPage } from './consent-page.ts';

const AUTHORIZE_PATH = '/v2/auth/authorize/';
const DECISION_PATH = '/v2/auth/authorize/decision';
const SESSION_COOKIE = 'tiktok_sandbox_session';

/** www.tiktok.com/v2/auth/authorize/: the page where a creator consents, and where it sends the browser then. */
export function authorizeRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();

  app.get(AUTHORIZE_PATH, (c) =>
    serve(world, c, {
      path: AUTHORIZE_PATH,
      account: world.accounts.byName(world.settings.current.consent.auto?.username ?? '') ?? null,
      act: async () => ofResponse(world, await openPage(world, c)),
      refuse: (status, code, message) => page(world, status, code, message),
    }),
  );

  app.post(DECISION_PATH, async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const request = readAuthorizeRequest(new URLSearchParams(form.get('request') ?? ''), world.settings.current);
    if ('fault' in request) return c.html(errorPage(request.fault), 400);
    const account = world.accounts.byName(form.get('username') ?? '');
    if (!account) return c.html(errorPage('username'), 400);
    setCookie(c, SESSION_COOKIE, account.username, { path: '/v2/auth/', httpOnly: true, sameSite: 'Lax' });
    return c.redirect(decide(world, request, account, form.get('decision') === 'approve' ? form.getAll('scope') : null), 302);
  });
  return app;
}

function openPage(world: World, c: Context<Env>): Response | Promise<Response> {
  const query = new URL(c.req.url).search.slice(1);
  const request = readAuthorizeRequest(new URLSearchParams(query), world.settings.current);
  if ('fault' in request) return c.html(errorPage(request.fault), 400);
  const { auto } = world.settings.current.consent;
  const automatic = auto && world.accounts.byName(auto.username);
  if (automatic) return c.redirect(decide(world, request, automatic, auto.decision === 'approve' ? (auto.scopes ?? request.scopes) : null), 302);
  const known = world.accounts.byName(getCookie(c, SESSION_COOKIE) ?? '');
  if (request.may_skip && known && world.grants.has(known, request.scopes)) return c.redirect(decide(world, request, known, request.scopes), 302);
  return c.html(consentPage(query, request, world.accounts.all(), DECISION_PATH));
}

/** @param ticked the scopes that the creator agreed to; null: refused @returns where the browser goes */
function decide(world: World, request: AuthorizeRequest, account: Account, ticked: readonly string[] | null): string {
  if (!account.is_target_user) {
    return back(request, { error: 'access_denied', error_type: 'non_sandbox_target', error_description: 'The account is not a target user of this sandbox.' });
  }
  if (ticked === null) return back(request, { error: 'access_denied', error_description: 'The user denied the authorization.' });
  const granted = request.scopes.filter(
    (scope) => ticked.includes(scope) && (account.grants_scopes === null || account.grants_scopes.some((allowed) => allowed === scope)),
  );
  if (granted.length === 0) return back(request, { error: 'access_denied', error_description: 'The user granted no permission.' });
  const code = world.grants.createCode({ account, scopes: granted, redirect_uri: request.redirect_uri, challenge: request.challenge });
  return back(request, { code, scopes: granted.join(',') });
}

function back({ redirect_uri, state }: AuthorizeRequest, answer: Record<string, string>): string {
  const target = new URL(redirect_uri);
  for (const [name, value] of Object.entries({ ...answer, ...(state === null ? {} : { state }) })) target.searchParams.set(name, value);
  return target.href;
}

const page = (world: World, status: number, code: string, message: string) => ({
  status,
  code,
  body: message || code,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  log_id: newLogId(world.clock.now()),
});

const ofResponse = async (world: World, response: Response) => ({
  status: response.status,
  code: response.ok || response.status === 302 ? 'ok' : 'error_page',
  body: await response.text(),
  headers: Object.fromEntries(response.headers),
  log_id: newLogId(world.clock.now()),
});
