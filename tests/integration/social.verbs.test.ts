import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { signToken } from '../../db/signed-token.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type Answer, type TestApi } from '../helpers/test-api.ts';

interface Contract {
  code: number;
  msg: string | { User: { id: string; username: string; bio: string } };
}

let api: TestApi;
let ada: TestAppUser;
beforeAll(async () => {
  api = await createTestApi();
  ada = await appUser(api);
});
afterAll(() => api.close());

const post = (path: string, body: string, headers: Record<string, string>): Promise<Answer<Contract>> => api.call('POST', path, { body, headers });
const isAda = (answer: Answer<Contract>): void => {
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ code: 200, msg: { User: { id: ada.id } } });
};

describe('A verb takes its fields', () => {
  test.each(['application/json', 'text/plain', 'application/x-www-form-urlencoded'])('as JSON that is called %s', async (type) => {
    isAda(await post('/api/showUserDetail', JSON.stringify({ auth_token: ada.token }), { 'content-type': type }));
  });

  test('as a form', async () => {
    const form = new URLSearchParams({ auth_token: ada.token, bio: 'a form & more' }).toString();
    const { body } = await post('/api/editProfile', form, { 'content-type': 'application/x-www-form-urlencoded' });
    expect(body).toMatchObject({ code: 200, msg: { User: { bio: 'a form & more' } } });
  });

  test('as a multipart form', async () => {
    const fields = Object.entries({ auth_token: ada.token, bio: 'in parts', private: '0' });
    const parts = fields.map(([name, value]) => `--b0und\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('');
    const { body } = await post('/api/editProfile', `${parts}--b0und--\r\n`, { 'content-type': 'multipart/form-data; boundary=b0und' });
    expect(body).toMatchObject({ code: 200, msg: { User: { bio: 'in parts' } } });
  });

  test('and ignores those that it does not know, and what is null', async () => {
    const { code } = await verb(api, 'showUserDetail', { user_id: null, username: null, what_else: { deep: [1] }, device: 'x' }, ada.token);
    expect(code).toBe(200);
  });
});

describe('Who calls is known', () => {
  const bare = { 'content-type': 'application/json' };
  test('by the body', async () => isAda(await post('/api/showUserDetail', JSON.stringify({ auth_token: ada.token }), bare)));
  test('by the header auth-token', async () => isAda(await post('/api/showUserDetail', '{}', { ...bare, 'auth-token': ada.token })));
  test('by a bearer token', async () => isAda(await post('/api/showUserDetail', '', { authorization: `Bearer ${ada.token}` })));
  test('by the body before a header', async () => {
    const bob = await appUser(api);
    isAda(await post('/api/showUserDetail', JSON.stringify({ auth_token: ada.token }), { ...bare, 'auth-token': bob.token }));
  });
  test('with a slash at the end too', async () => isAda(await post('/api/showUserDetail/', JSON.stringify({ auth_token: ada.token }), bare)));

  test.each<[string, (secret: string) => Promise<string> | string, string]>([
    ['none', () => '', 'Sign in first'],
    ['one of somebody else’s secret', () => signToken('access', ada.id, 'another secret that is long enough', 60), 'not valid'],
    ['one of another kind', (secret) => signToken('play', ada.id, secret, 60), 'not valid'],
    ['one that has expired', (secret) => signToken('access', ada.id, secret, -60), 'expired'],
    ['one of a user whom there is not', (secret) => signToken('access', randomUUID(), secret, 60), 'not there any more'],
    ['words', () => 'let me in', 'not valid'],
  ])('and is 401 with %s', async (_, tokenOf, words) => {
    const answer = await verb<string>(api, 'showFollowRequests', {}, await tokenOf(api.deps.config.jwtSecret));
    expect(answer).toEqual({ code: 401, msg: expect.stringContaining(words) });
  });

  test('and a member of the workspace who is no user of the app is not one', async () => {
    const { token } = await api.person();
    expect((await verb(api, 'showFollowRequests', {}, token)).code).toBe(401);
  });

  test('and a user of an app of another workspace neither', async () => {
    const { workspace_id } = await api.person();
    const stranger = await appUser(api, { workspace_id });
    expect((await verb(api, 'showFollowRequests', {}, stranger.token)).code).toBe(401);
    expect(await verb(api, 'showUserDetail', { user_id: stranger.id }, ada.token)).toEqual({ code: 201, msg: expect.stringContaining('not there') });
  });
});

describe('What can not be answered', () => {
  const json = { 'content-type': 'application/json' };

  test.each<[string, string, Record<string, string>]>([
    ['half a JSON', '{"user_id":', json],
    ['a list', '[1]', json],
    ['a text', '"showUserDetail"', json],
    ['too deep a JSON', '['.repeat(100_000), json],
    ['a form without a boundary', 'a', { 'content-type': 'multipart/form-data' }],
    ['more than 256 KiB', JSON.stringify({ bio: 'x'.repeat(300_000) }), json],
  ])('is 400 or 201, at HTTP 200, where the body is %s', async (_, body, headers) => {
    const { status, body: answer } = await post('/api/editProfile', body, { ...headers, 'auth-token': ada.token });
    expect([status, [201, 400].includes(answer.code), typeof answer.msg]).toEqual([200, true, 'string']);
  });

  test('malformed JSON is 400', async () => {
    expect((await post('/api/editProfile', '{', { ...json, 'auth-token': ada.token })).body.code).toBe(400);
  });

  test('is 201 with every field that is at fault', async () => {
    const { code, msg } = await verb<string>(api, 'editProfile', { username: 'a b', private: 'perhaps', profile_pic: 'http://a.example/x.jpg', bio: 'x'.repeat(600) }, ada.token);
    expect(code).toBe(201);
    for (const field of ['username', 'private', 'profile_pic', 'bio']) expect(msg).toContain(`${field}: `);
  });

  test('an object is no text, and NUL is in none', async () => {
    expect(await verb(api, 'editProfile', { bio: { toString: 1 } }, ada.token)).toEqual({ code: 201, msg: 'bio: must be text' });
    expect((await verb<string>(api, 'editProfile', { bio: 'a\0b' }, ada.token)).msg).toContain('bio');
    const form = await post('/api/editProfile', 'bio=a%00b', { 'content-type': 'application/x-www-form-urlencoded', 'auth-token': ada.token });
    expect(form.body).toEqual({ code: 201, msg: expect.stringContaining('bio') });
  });

  test('is 400 where there is no such verb, which is counted', async () => {
    const unknown = await verb<string>(api, 'showRoomsOfTheOldApp', { auth_token: 'x' });
    expect(unknown).toEqual({ code: 400, msg: expect.stringContaining('showRoomsOfTheOldApp') });
    expect((await verb(api, 'login')).code).toBe(400);
    const metrics = await api.call<string>('GET', '/metrics');
    expect(metrics.body).toContain('showrunner_unknown_verbs_total{verb="showRoomsOfTheOldApp"} 1');
    expect(metrics.body).toContain('showrunner_unknown_verbs_total{verb="login"} 1');
  });

  test('and names that are made up fill no metric', async () => {
    const names = Array.from({ length: 150 }, (_, index) => `madeUpVerb${index}`);
    for (const name of names) expect((await verb(api, name)).code).toBe(400);
    const { body } = await api.call<string>('GET', '/metrics');
    expect(body.match(/showrunner_unknown_verbs_total\{/g)!.length).toBeLessThanOrEqual(101);
    expect(body).toContain('showrunner_unknown_verbs_total{verb="other"}');
  });

  test('is 500 without a word of what broke, which is in the log', async () => {
    const broken = await appUser(api);
    await api.database.db.schema.alterTable('blocks').renameTo('blocks_away').execute();
    try {
      const answer = await verb<string>(api, 'showUserDetail', { user_id: ada.id }, broken.token);
      expect(answer.code).toBe(500);
      expect(answer.msg).not.toContain('blocks');
      expect(api.log()).toContain('blocks');
    } finally {
      await api.database.db.schema.alterTable('blocks_away').renameTo('blocks').execute();
    }
  });
});

describe('Too often', () => {
  test('is 201 with the seconds to wait, for that user and that verb alone', async () => {
    const [eve, bob] = [await appUser(api), await appUser(api)];
    const answers = await Promise.all(Array.from({ length: 40 }, () => verb<string>(api, 'editProfile', { bio: 'again' }, eve.token)));
    const refused = answers.filter(({ code }) => code === 201);
    expect(refused.length).toBeGreaterThanOrEqual(9);
    expect(refused[0]!.msg).toMatch(/again in \d+ s/);
    expect((await verb(api, 'showUserDetail', {}, eve.token)).code).toBe(200);
    expect((await verb(api, 'editProfile', { bio: 'hello' }, bob.token)).code).toBe(200);
  });

  test('counts addresses where nobody is signed in', async () => {
    const from = (address: string) => api.call<Contract>('POST', '/api/registerUser', { body: {}, address });
    const codes: (string | object)[] = [];
    for (let n = 0; n < 35; n += 1) codes.push((await from('203.0.113.7')).body.msg);
    expect(codes.at(-1)).toMatch(/a minute/);
    expect((await from('203.0.113.8')).body.msg).not.toMatch(/a minute/);
  });
});

test('what is answered is never kept by anybody in between', async () => {
  const { headers } = await api.call('POST', '/api/showUserDetail', { body: {} });
  expect(headers.get('cache-control')).toBe('no-store');
});

test('before there is a workspace, there is no app', async () => {
  const empty = await createTestApi();
  try {
    expect(await verb(empty, 'showUserDetail')).toEqual({ code: 500, msg: expect.stringContaining('POST /api/auth/register') });
  } finally {
    await empty.close();
  }
});
