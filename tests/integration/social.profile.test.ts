import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { giveCoins } from '../helpers/account-world.ts';
import { newId } from '../../db/ids.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

type Detail = { User: Record<string, string>; PushNotification?: Record<string, string>; PrivacySetting?: Record<string, string> };
const detail = (by: TestAppUser | null, fields: object = {}) => verb<Detail>(api, 'showUserDetail', { ...fields }, by?.token);

describe('A profile', () => {
  test('of one’s own has wallet, e-mail and settings; another’s and a stranger’s view have none', async () => {
    const [ada, bob] = [await appUser(api, { email: 'ada@example.com' }), await appUser(api)];
    await giveCoins(api.deps.db, ada, 75);
    const own = (await detail(ada)).msg;
    expect(own.User).toMatchObject({ id: ada.id, wallet: '75', email: 'ada@example.com', button: '' });
    expect(own.PushNotification).toMatchObject({ gifts: '1' });
    expect(own.PrivacySetting).toMatchObject({ liked_videos: 'only_me' });
    expect((await detail(ada, { user_id: ada.id })).msg).toEqual(own);
    expect((await detail(ada, { username: `@${ada.username.toUpperCase()}` })).msg).toEqual(own);
    for (const viewer of [bob, null]) {
      const { msg } = await detail(viewer, { user_id: ada.id });
      expect(Object.keys(msg)).toEqual(['User']);
      expect(msg.User).toMatchObject({ id: ada.id, button: 'follow', verified: '0', private: '0', followers_count: '0', video_count: '0' });
      expect(msg.User).not.toHaveProperty('wallet');
      expect(msg.User).not.toHaveProperty('email');
    }
  });

  test('of nobody: 401 without a token, 201 where there is none', async () => {
    expect((await detail(null)).code).toBe(401);
    expect(await detail(null, { user_id: newId() })).toEqual({ code: 201, msg: expect.stringContaining('not there') });
    expect(await detail(null, { username: 'nobody.has.this' })).toEqual({ code: 201, msg: expect.stringContaining('not there') });
    expect(await detail(null, { user_id: '7' })).toEqual({ code: 201, msg: 'user_id: must be an id' });
  });
});

describe('Editing a profile', () => {
  const edit = (by: TestAppUser, fields: object) => verb<Detail & string>(api, 'editProfile', { ...fields }, by.token);

  test('changes what is given, and leaves the rest', async () => {
    const ada = await appUser(api, { bio: 'before', website: 'https://a.example.com' });
    const { msg } = await edit(ada, { username: '@Ada.Byron', first_name: ' Ada ', bio: 'I\u202edance', private: 'true', profile_pic: 'https://cdn.example.com/a.png' });
    expect(msg.User).toMatchObject({ username: 'ada.byron', first_name: 'Ada', bio: 'Idance', private: '1', website: 'https://a.example.com', profile_pic: 'https://cdn.example.com/a.png', wallet: '0' });
    expect((await edit(ada, { website: '', profile_pic: '' })).msg.User).toMatchObject({ website: '', profile_pic: '', bio: 'Idance', private: '1' });
    expect((await detail(ada)).msg.User).toMatchObject({ username: 'ada.byron', website: '' });
    const { full_name } = await api.database.db.selectFrom('users').select('full_name').where('id', '=', ada.id).executeTakeFirstOrThrow();
    expect(full_name).toBe('Ada');
  });

  test('to a name that somebody has is refused; one of two at once gets it', async () => {
    const [ada, bob, eve] = await Promise.all([appUser(api), appUser(api), appUser(api)]);
    expect((await edit(ada, { username: 'the.one' })).code).toBe(200);
    expect((await edit(ada, { username: 'The.One' })).code).toBe(200);
    expect(await edit(bob, { username: 'the.one', bio: 'x' })).toEqual({ code: 201, msg: 'username: somebody has this username' });
    expect((await detail(bob)).msg.User).toMatchObject({ username: bob.username, bio: '' });
    const answers = await Promise.all([bob, eve].map((user) => edit(user, { username: 'the.other' })));
    expect(answers.map(({ code }) => code).sort()).toEqual([200, 201]);
    const { workspace_id } = await api.person();
    await appUser(api, { workspace_id, username: 'elsewhere' });
    expect((await edit(eve, { username: 'elsewhere' })).code).toBe(200);
  });

  test.each<[string, object]>([
    ['username', { username: 'a' }],
    ['username', { username: 'a b' }],
    ['username', { username: 'ä.b' }],
    ['username', { username: '' }],
    ['username', { username: 'x'.repeat(31) }],
    ['profile_pic', { profile_pic: 'http://cdn.example.com/a.png' }],
    ['profile_pic', { profile_pic: 'javascript:alert(1)' }],
    ['profile_pic', { profile_pic: 'data:image/png;base64,AA' }],
    ['website', { website: 'ftp://a.example.com' }],
    ['website', { website: 'a.example.com' }],
    ['private', { private: 'perhaps' }],
    ['bio', { bio: 'x'.repeat(501) }],
  ])('refuses a bad %s (%j)', async (field, fields) => {
    const { code, msg } = await edit(await appUser(api), fields);
    expect([code, msg.startsWith(`${field}: `)]).toEqual([201, true]);
  });
});

describe('Settings', () => {
  test('are changed one by one', async () => {
    const ada = await appUser(api);
    const push = await verb<Detail>(api, 'updatePushNotificationSettings', { likes: '0', gifts: false }, ada.token);
    expect(push.msg.PushNotification).toMatchObject({ likes: '0', gifts: '0', comments: '1' });
    await Promise.all([verb(api, 'updatePushNotificationSettings', { likes: 1 }, ada.token), verb(api, 'updatePushNotificationSettings', { mentions: 0 }, ada.token)]);
    const privacy = await verb<Detail>(api, 'addPrivacySetting', { direct_message: 'friends', videos_download: 0 }, ada.token);
    expect(privacy.msg.PrivacySetting).toMatchObject({ direct_message: 'friends', videos_download: '0', duet: 'everyone' });
    expect((await detail(ada)).msg).toMatchObject({ PushNotification: { likes: '1', gifts: '0', mentions: '0' }, PrivacySetting: { direct_message: 'friends', videos_download: '0' } });
  });

  test('that there are not are refused', async () => {
    const ada = await appUser(api);
    expect((await verb<string>(api, 'addPrivacySetting', { direct_message: 'nobody' }, ada.token)).msg).toContain('direct_message: must be');
    expect((await verb<string>(api, 'updatePushNotificationSettings', { likes: 'some' }, ada.token)).msg).toContain('likes: must be 1 or 0');
    expect((await verb(api, 'updatePushNotificationSettings', { likes: '0' })).code).toBe(401);
  });
});
