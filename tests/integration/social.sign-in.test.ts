import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { USERNAME } from '../../domain/social/username.ts';
import { AUDIENCE, createIdentityWorld, type IdentityWorld } from '../helpers/identity.ts';
import { socialApp, verb } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

interface SignedIn {
  User: { id: string; username: string; email: string; first_name: string; last_name: string; profile_pic: string; wallet: string; social: string; auth_token: string };
  PushNotification: { id: string; likes: string };
  PrivacySetting: { id: string; direct_message: string };
}

let world: IdentityWorld;
let api: TestApi;
let workspace_id: string;
beforeAll(async () => {
  world = await createIdentityWorld();
  api = await createTestApi();
  api.deps.identity = world.verifier();
  workspace_id = await socialApp(api);
});
afterAll(async () => {
  await api.close();
  await world.close();
});

/** Each call comes from an address of its own: those are limited. */
let calls = 0;
const signIn = (fields: Record<string, unknown>) => {
  calls += 1;
  return apiCall(fields, `10.0.${calls >> 8}.${calls & 255}`);
};
const apiCall = (fields: Record<string, unknown>, address: string) =>
  api.call<{ code: number; msg: SignedIn & string }>('POST', '/api/registerUser', { body: fields, address }).then(({ body }) => body);

async function asGoogle(sub: string, claims: Record<string, unknown> = {}, over: Record<string, unknown> = {}) {
  return signIn({ social: 'google', social_id: sub, auth_token: await world.token('google', { sub, claims }), ...over });
}
const userRows = (sub: string) => api.database.db.selectFrom('app_users').selectAll().where('social_id', '=', sub).execute();

describe('Somebody who signs in', () => {
  test('for the first time becomes a user, with a wallet, settings and a token that opens everything', async () => {
    const { code, msg } = await asGoogle('g-ada', { email: 'ada@example.com', email_verified: true }, { username: 'Ada Lovelace', first_name: 'Ada', last_name: 'Lovelace', email: 'evil@example.com' });
    expect(code).toBe(200);
    expect(msg.User).toMatchObject({ username: 'ada_lovelace', first_name: 'Ada', last_name: 'Lovelace', email: 'ada@example.com', wallet: '0', social: 'google' });
    expect(msg.PushNotification).toMatchObject({ id: msg.User.id, likes: '1' });
    expect(msg.PrivacySetting).toMatchObject({ id: msg.User.id, direct_message: 'everyone' });
    const detail = await verb<{ User: { id: string } }>(api, 'showUserDetail', {}, msg.User.auth_token);
    expect(detail.msg.User.id).toBe(msg.User.id);
    const me = await api.call<{ id: string; full_name: string }>('GET', '/api/auth/me', { token: msg.User.auth_token });
    expect(me.body).toMatchObject({ id: msg.User.id, full_name: 'Ada Lovelace' });
    const accounts = await api.database.db.selectFrom('coin_accounts').selectAll().where('user_id', '=', msg.User.id).execute();
    expect(accounts).toMatchObject([{ kind: 'user', balance: 0, workspace_id }]);
  });

  test('again is the same user, as they have made themselves', async () => {
    const first = await asGoogle('g-again', {}, { username: 'first', first_name: 'First' });
    const again = await asGoogle('g-again', { given_name: 'Second' }, { username: 'second', first_name: 'Second' });
    expect(again.msg.User).toMatchObject({ id: first.msg.User.id, username: 'first', first_name: 'First' });
    expect(again.msg.User.auth_token).not.toBe('');
  });

  test('at once on two phones is one user', async () => {
    const token = await world.token('google', { sub: 'g-twice' });
    const answers = await Promise.all(Array.from({ length: 12 }, () => signIn({ social: 'google', social_id: 'g-twice', auth_token: token, username: 'twice' })));
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ msg }) => msg.User.id)).size).toBe(1);
    expect(await userRows('g-twice')).toHaveLength(1);
    const people = await api.database.db.selectFrom('users').select('id').where('full_name', '=', 'twice').execute();
    expect(people).toHaveLength(1);
  });

  test('with a name that others have at the same moment gets the next one that is free', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => signIn({ social: 'google', social_id: `g-many-${index}`, auth_token: await world.token('google', { sub: `g-many-${index}` }), username: 'popular' })),
    );
    const names = answers.map(({ msg }) => msg.User.username);
    expect(new Set(names).size).toBe(30);
    expect(names).toContain('popular');
    for (const name of names) expect(name).toMatch(USERNAME);
    const next = await asGoogle('g-many-next', {}, { username: 'Popular' });
    expect(next.msg.User.username).toMatch(/^popular\d+$/);
  });

  test('gets a name out of what is known of them', async () => {
    expect((await asGoogle('g-n1', { given_name: 'Grace', family_name: 'Hopper' })).msg.User).toMatchObject({ username: 'grace_hopper', first_name: 'Grace', last_name: 'Hopper' });
    expect((await asGoogle('g-n2', { email: 'linus@example.com', email_verified: true })).msg.User.username).toBe('linus');
    expect((await asGoogle('g-n3', {}, { username: '李' })).msg.User.username).toBe('user');
  });

  test('brings a picture only by https', async () => {
    expect((await asGoogle('g-p1', { picture: 'https://cdn.example.com/a.jpg' })).msg.User.profile_pic).toBe('https://cdn.example.com/a.jpg');
    expect((await asGoogle('g-p2', { picture: 'javascript:alert(1)' })).msg.User.profile_pic).toBe('');
    expect((await asGoogle('g-p3', {}, { profile_pic: 'http://cdn.example.com/a.jpg' })).code).toBe(201);
  });

  test('by Apple with a nonce, and by Facebook', async () => {
    const nonce = createHash('sha256').update('raw nonce').digest('hex');
    const apple = await signIn({ social: 'Apple', social_id: 'a-1', auth_token: await world.token('apple', { sub: 'a-1', aud: AUDIENCE.apple, claims: { nonce } }), nonce: 'raw nonce' });
    expect(apple).toMatchObject({ code: 200, msg: { User: { social: 'apple' } } });
    const facebook = await signIn({ social: 'facebook', social_id: 'f-1', auth_token: await world.facebookToken({ user_id: 'f-1' }), email: 'me@example.com' });
    expect(facebook).toMatchObject({ code: 200, msg: { User: { social: 'facebook', email: '' } } });
  });

  test('with the same id at another provider is somebody else', async () => {
    const google = await asGoogle('same-id');
    const facebook = await signIn({ social: 'facebook', social_id: 'same-id', auth_token: await world.facebookToken({ user_id: 'same-id' }) });
    expect(facebook.msg.User.id).not.toBe(google.msg.User.id);
  });

  test('after their account was deleted is somebody new, with the name free again', async () => {
    const first = await asGoogle('g-back', {}, { username: 'comes.back' });
    expect((await verb(api, 'deleteUserAccount', {}, first.msg.User.auth_token)).code).toBe(200);
    const second = await asGoogle('g-back', {}, { username: 'comes.back' });
    expect(second.msg.User).toMatchObject({ username: 'comes.back', wallet: '0' });
    expect(second.msg.User.id).not.toBe(first.msg.User.id);
    expect((await verb(api, 'showUserDetail', {}, first.msg.User.auth_token)).code).toBe(401);
  });
});

describe('Nobody gets in', () => {
  test.each<[string, Parameters<IdentityWorld['token']>[1]]>([
    ['a forged token', { forgery: 'forged' }],
    ['an unsigned one', { forgery: 'unsigned' }],
    ['one of another app', { aud: 'other' }],
    ['one that has expired', { expires_in_s: -100 }],
    ['one of somebody else', { sub: 'somebody' }],
  ])('with %s: 401, and no user is made', async (_, draft) => {
    const answer = await signIn({ social: 'google', social_id: 'g-thief', auth_token: await world.token('google', { sub: 'g-thief', ...draft }) });
    expect(answer).toEqual({ code: 401, msg: expect.stringContaining('sign in there again') });
    expect(await userRows('g-thief')).toEqual([]);
  });

  test('while the provider is away: 500, with the advice to try again, and our log says so', async () => {
    api.deps.identity = world.verifier({ timeoutMs: 2_000 });
    await world.trouble('google', 0);
    const answer = await asGoogle('g-later');
    expect(answer).toEqual({ code: 500, msg: expect.stringContaining('try again soon') });
    await world.trouble('google', null);
    expect((await asGoogle('g-later')).code).toBe(200);
    expect(api.log()).toContain('identity_unavailable');
    expect(api.log()).not.toContain(await world.token('google'));
  });

  test('by a provider that is not set up', async () => {
    api.deps.identity = world.verifier({ apple: null });
    expect(await signIn({ social: 'apple', social_id: 'x', auth_token: await world.token('apple') })).toEqual({ code: 201, msg: expect.stringContaining('not set up') });
    api.deps.identity = world.verifier();
  });

  test.each<[Record<string, unknown>, string]>([
    [{}, 'social'],
    [{ social: 'myspace', social_id: '1' }, 'social'],
    [{ social: 'google' }, 'social_id'],
    [{ social: 'google', social_id: ' ' }, 'social_id'],
    [{ social: 'google', social_id: '1', first_name: 'x'.repeat(60) }, 'first_name'],
    [{ social: 'google', social_id: '1', auth_token: 'x'.repeat(20_000) }, 'auth_token'],
  ])('with faulty fields (%#): 201 that names them', async (fields, field) => {
    expect(await signIn(fields)).toEqual({ code: 201, msg: expect.stringContaining(`${field}: `) });
  });

  test('by a password: what stands in for one matches none', async () => {
    const { msg } = await asGoogle('g-password');
    const email = `${msg.User.id}@app.invalid`;
    for (const password of ['none', '', 'g-password-1', msg.User.id]) {
      const { status } = await api.call('POST', '/api/auth/login', { body: { email, password } });
      expect([401, 422]).toContain(status);
    }
  });
});
