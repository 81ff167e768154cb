import { registerUser } from '../../db/registration.ts';
import { findUser, findUserByEmail } from '../../db/user.repository.ts';
import { joinedWorkspaces } from '../../db/workspace.repository.ts';
import { countLogin, countRegistration } from '../attempts.ts';
import { issueToken } from '../auth.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { createPasswords } from '../passwords.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { loginBody, registerBody, tokenSchema, toUser, userSchema } from '../schemas/account.ts';
import { newWebhookSecret } from '../webhook-secret.ts';

const tags = ['Accounts'];
const SHOWN_WORKSPACES = 200;

const register = apiRoute({
  method: 'post',
  path: '/api/auth/register',
  access: 'public',
  tags,
  summary: 'Register a user',
  description: 'Makes the user and a personal workspace of which they are owner.',
  request: { body: jsonBodyOf(registerBody) },
  responses: { 201: jsonAnswer(userSchema, 'The user.') },
});

const login = apiRoute({
  method: 'post',
  path: '/api/auth/login',
  access: 'public',
  tags,
  summary: 'Sign in',
  description: 'Whether the e-mail or the password was wrong is not told.',
  request: { body: jsonBodyOf(loginBody) },
  responses: { 200: jsonAnswer(tokenSchema, 'The access token.') },
});

const me = apiRoute({
  method: 'get',
  path: '/api/auth/me',
  access: 'signed_in',
  tags,
  summary: 'Who is signed in',
  responses: { 200: jsonAnswer(userSchema, 'The user with workspaces and roles.') },
});

export function authRoutes({ db, config, secrets }: ApiDeps): Router {
  const passwords = createPasswords();
  const routes = createRouter();

  routes.openapi(register, async (c) => {
    await countRegistration(c);
    const { email, password, full_name } = c.req.valid('json');
    const registered = await registerUser(db, {
      email,
      full_name,
      password_hash: await passwords.hash(password),
      plan_tier: config.defaultPlanTier,
      webhook_secret: secrets.seal(newWebhookSecret()),
    });
    if (!registered) throw new ApiError('email_taken');
    const { user, workspace } = registered;
    return c.json(toUser(user, [{ ...workspace, role: 'owner' }]), 201);
  });

  routes.openapi(login, async (c) => {
    const { email, password } = c.req.valid('json');
    await countLogin(c, email);
    const user = await findUserByEmail(db, email);
    const matches = await passwords.matches(user?.password_hash, password);
    if (!user || !matches) throw new ApiError('invalid_credentials');
    c.header('Cache-Control', 'no-store');
    return c.json({ access_token: await issueToken(user.id, config), token_type: 'bearer' as const, expires_in: config.jwtTtlS }, 200);
  });

  routes.openapi(me, async (c) => {
    const user = await findUser(db, c.get('userId'));
    if (!user) throw new ApiError('unauthenticated', { reason: 'invalid', detail: 'this account is gone' });
    return c.json(toUser(user, await joinedWorkspaces(db, user.id, SHOWN_WORKSPACES)), 200);
  });

  return routes;
}
