import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sign } from 'hono/jwt';
import { issueToken } from '../../api/auth.ts';
import { newId } from '../../db/ids.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

interface User {
  id: string;
  email: string;
  workspaces: { id: string; role: string; is_personal: boolean }[];
}
interface Problem {
  code: string;
  reason?: string;
  detail: string;
  request_id: string;
  errors?: { field: string; message: string }[];
}

const ADA = { email: ' Ada@Example.COM ', password: 'correct horse battery', full_name: 'Ada Lovelace' };
let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
  await api.call('POST', '/api/auth/register', { body: ADA });
});
afterAll(() => api.close());

const login = <T = { access_token: string; token_type: string; expires_in: number }>(body: unknown) =>
  api.call<T>('POST', '/api/auth/login', { body });

describe('registering', () => {
  test('gives a user with a personal workspace of which they are owner', async () => {
    const { status, body } = await api.call<User>('POST', '/api/auth/register', { body: { ...ADA, email: 'grace@example.com' } });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      email: 'grace@example.com',
      full_name: 'Ada Lovelace',
      workspaces: [{ role: 'owner', is_personal: true, plan_tier: 'free' }],
    });
    expect(JSON.stringify(body)).not.toMatch(/argon2|webhook_secret|password/);
  });

  test('keeps the password as Argon2id and the webhook secret sealed', async () => {
    const user = await api.database.db.selectFrom('users').selectAll().where('email', '=', 'ada@example.com').executeTakeFirstOrThrow();
    expect(user.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const workspace = await api.database.db
      .selectFrom('workspaces')
      .selectAll()
      .where('created_by', '=', user.id)
      .executeTakeFirstOrThrow();
    expect(workspace.webhook_secret).toMatch(/^v1\./);
    expect(api.deps.secrets.open(workspace.webhook_secret)).toMatch(/^whsec_.{43}$/);
  });

  test('refuses an e-mail that has an account, however it is written, and leaves nothing behind', async () => {
    const before = await api.database.db.selectFrom('workspaces').select('id').execute();
    const { status, body } = await api.call<Problem>('POST', '/api/auth/register', { body: { ...ADA, email: 'ADA@example.com' } });
    expect([status, body.code]).toEqual([409, 'email_taken']);
    expect(await api.database.db.selectFrom('workspaces').select('id').execute()).toHaveLength(before.length);
  });

  test('makes one account of two registrations at the same moment', async () => {
    const body = { ...ADA, email: 'twice@example.com' };
    const answers = await Promise.all([1, 2].map(() => api.call('POST', '/api/auth/register', { body })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  test.each([
    ['email', { ...ADA, email: 'no address' }],
    ['email', { ...ADA, email: undefined }],
    ['email', { ...ADA, email: `${'a'.repeat(250)}@example.com` }],
    ['password', { ...ADA, password: 'short' }],
    ['password', { ...ADA, password: 'x'.repeat(129) }],
    ['password', { ...ADA, password: 12345678 }],
    ['full_name', { ...ADA, full_name: '  ' }],
  ])('names %s when it is at fault', async (field, body) => {
    const answer = await api.call<Problem>('POST', '/api/auth/register', { body });
    expect(answer.status).toBe(422);
    expect(answer.body.errors?.map((fault) => fault.field)).toEqual([field]);
  });

  test('names every fault at once', async () => {
    const { body } = await api.call<Problem>('POST', '/api/auth/register', { body: {} });
    expect(body.errors?.map((fault) => fault.field).sort()).toEqual(['email', 'full_name', 'password']);
  });
});

describe('signing in', () => {
  test('gives a bearer token that opens the account', async () => {
    const { status, body, headers } = await login({ email: 'ADA@example.com', password: ADA.password });
    expect(status).toBe(200);
    expect(body).toEqual({ access_token: expect.any(String), token_type: 'bearer', expires_in: 3_600 });
    expect(headers.get('cache-control')).toBe('no-store');
    const me = await api.call<User>('GET', '/api/auth/me', { token: body.access_token });
    expect(me.body).toMatchObject({ email: 'ada@example.com', workspaces: [{ role: 'owner' }] });
  });

  test('takes a password in any Unicode form of the same characters', async () => {
    await api.call('POST', '/api/auth/register', { body: { ...ADA, email: 'form@example.com', password: 'cafe\u0301 cafe\u0301' } });
    expect((await login({ email: 'form@example.com', password: 'caf\u00e9 caf\u00e9' })).status).toBe(200);
  });

  test('answers a wrong password and an unknown e-mail alike', async () => {
    const wrong = await login<Problem>({ email: 'ada@example.com', password: 'wrong password' });
    const unknown = await login<Problem>({ email: 'nobody@example.com', password: 'wrong password' });
    expect([wrong.status, wrong.body.code]).toEqual([401, 'invalid_credentials']);
    expect({ ...wrong.body, request_id: '' }).toEqual({ ...unknown.body, request_id: '' });
  });
});

describe('a token', () => {
  const me = (headers: Record<string, string>) => api.call<Problem>('GET', '/api/auth/me', { headers });
  const bearer = (token: string) => me({ authorization: `Bearer ${token}` });
  let sub: string;
  beforeAll(async () => {
    sub = (await api.person()).user_id;
  });
  const inAnHour = Math.floor(Date.now() / 1000) + 3_600;

  test('that is missing is told so', async () => {
    const { status, body, headers } = await me({});
    expect([status, body.code, body.reason]).toEqual([401, 'unauthenticated', 'missing']);
    expect(headers.get('www-authenticate')).toBe('Bearer realm="showrunner"');
  });

  test('that has expired is told so', async () => {
    const token = await issueToken(sub, api.deps.config, Math.floor(Date.now() / 1000) - 3_601);
    const { status, body, headers } = await bearer(token);
    expect([status, body.code, body.reason]).toEqual([401, 'token_expired', 'expired']);
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test('that we signed, with all its parts, opens the account', async () => {
    expect((await bearer(await sign({ sub, iss: 'showrunner', exp: inAnHour }, api.deps.config.jwtSecret))).status).toBe(200);
  });

  test.each([
    ['no JWT at all', () => Promise.resolve('nonsense')],
    ['signed with another secret', () => sign({ sub, iss: 'showrunner', exp: inAnHour }, 'another secret that is long enough')],
    ['signed with another algorithm', () => sign({ sub, iss: 'showrunner', exp: inAnHour }, api.deps.config.jwtSecret, 'HS512')],
    ['not signed', () => Promise.resolve(`${part({ alg: 'none', typ: 'JWT' })}.${part({ sub, iss: 'showrunner', exp: inAnHour })}.`)],
    ['of another issuer', () => sign({ sub, iss: 'else', exp: inAnHour }, api.deps.config.jwtSecret)],
    ['without an end', () => sign({ sub, iss: 'showrunner' }, api.deps.config.jwtSecret)],
    ['without a user id', () => sign({ sub: 'x', iss: 'showrunner', exp: inAnHour }, api.deps.config.jwtSecret)],
    ['of an account that is gone', () => issueToken(newId(), api.deps.config)],
  ])('%s is not valid', async (_what, make) => {
    const { status, body } = await bearer(await make());
    expect([status, body.code, body.reason]).toEqual([401, 'unauthenticated', 'invalid']);
  });

  test('in another scheme is not valid', async () => {
    expect((await me({ authorization: 'Basic YTpi' })).body.reason).toBe('invalid');
  });

  test('in the query opens no ordinary route', async () => {
    const { token } = await api.person();
    expect((await api.call<Problem>('GET', `/api/auth/me?token=${token}`)).body.reason).toBe('missing');
  });
});

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
