import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '../../db/ids.ts';
import { isBlocked, notBlocked, openTo, relationshipOf, relationshipsOf } from '../../db/relation.repository.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

interface UserView {
  id: string;
  username: string;
  button: string;
  followers_count: string;
  following_count: string;
}
type One = { User: UserView };
type List = Record<string, One[]> & { next: string };

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const follow = (by: TestAppUser, whom: TestAppUser, value: unknown = 1) => verb<One & string>(api, 'followUser', { user_id: whom.id, follow: value }, by.token);
const block = (by: TestAppUser, whom: TestAppUser, value = 1) => verb(api, 'blockUser', { user_id: whom.id, block: value }, by.token);
const seen = async (by: TestAppUser, whom: TestAppUser) => (await verb<One>(api, 'showUserDetail', { user_id: whom.id }, by.token)).msg.User;
const names = async (name: string, key: string, by: TestAppUser | null, fields: object = {}) => {
  const { code, msg } = await verb<List>(api, name, { ...fields }, by?.token);
  return code === 200 ? msg[key]!.map(({ User }) => User.username).sort() : code;
};
const three = (): Promise<TestAppUser[]> => Promise.all([appUser(api), appUser(api), appUser(api)]);

/** Counts of everybody are what the rows say. */
async function expectExact(): Promise<void> {
  const users = await api.database.db.selectFrom('app_users').select(['id', 'followers', 'following']).execute();
  const follows = await api.database.db.selectFrom('follows').selectAll().where('state', '=', 'accepted').execute();
  const expected = users.map(({ id }) => ({
    id,
    followers: follows.filter(({ followee_id }) => followee_id === id).length,
    following: follows.filter(({ follower_id }) => follower_id === id).length,
  }));
  expect(users).toEqual(expected);
}

describe('Following', () => {
  test('is done once, however often it is said, and undone once', async () => {
    const [ada, bob] = await three();
    expect((await follow(ada!, bob!)).msg.User).toMatchObject({ button: 'following', followers_count: '1' });
    expect((await follow(ada!, bob!, '1')).msg.User).toMatchObject({ button: 'following', followers_count: '1' });
    expect(await seen(bob!, ada!)).toMatchObject({ button: 'follow back', following_count: '1' });
    expect((await follow(bob!, ada!, true)).msg.User).toMatchObject({ button: 'friends' });
    expect((await follow(ada!, bob!, 0)).msg.User).toMatchObject({ button: 'follow back', followers_count: '0' });
    expect((await follow(ada!, bob!, '0')).msg.User).toMatchObject({ followers_count: '0' });
    await expectExact();
  });

  test('is told, once', async () => {
    const [ada, bob] = await three();
    for (const value of [1, 0, 1, 0, 1]) await follow(ada!, bob!, value);
    const told = await api.database.db.selectFrom('app_notifications').selectAll().where('user_id', '=', bob!.id).execute();
    expect(told).toMatchObject([{ kind: 'follow', sender_id: ada!.id, subject_id: ada!.id }]);
  });

  test('is refused of oneself, of nobody, of a deleted user, of a user of another app', async () => {
    const [ada] = await three();
    expect(await follow(ada!, ada!)).toEqual({ code: 201, msg: 'user_id: is you' });
    const [gone, stranger] = [await appUser(api, { deleted_at: new Date() }), await appUser(api, { workspace_id: (await api.person()).workspace_id })];
    for (const id of [newId(), gone.id, stranger.id]) expect(await verb(api, 'followUser', { user_id: id }, ada!.token)).toEqual({ code: 201, msg: expect.stringContaining('not there') });
    expect(await verb(api, 'followUser', { user_id: 'bob' }, ada!.token)).toEqual({ code: 201, msg: 'user_id: must be an id' });
    expect(await verb(api, 'followUser', { user_id: newId(), follow: 'maybe' }, ada!.token)).toEqual({ code: 201, msg: 'follow: must be 1 or 0' });
  });

  test('each other, at once and again and again, waits for nobody forever and counts exactly', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => appUser(api)));
    const pairs = people.flatMap((by) => people.filter((whom) => whom !== by).map((whom) => ({ by, whom })));
    const answers = await Promise.all([...pairs, ...pairs].map(({ by, whom }, index) => follow(by, whom, index % 3 === 0 ? 0 : 1)));
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([200]));
    await expectExact();
  });

  test('of one by 50 who change their minds at once leaves exact counts', async () => {
    const star = await appUser(api);
    const fans = await Promise.all(Array.from({ length: 50 }, () => appUser(api)));
    const acts = fans.flatMap((fan, index) => [follow(fan, star), follow(fan, star, index % 2), follow(fan, star)]);
    expect(new Set((await Promise.all(acts)).map(({ code }) => code))).toEqual(new Set([200]));
    await expectExact();
    await Promise.all(fans.map((fan) => follow(fan, star)));
    expect((await seen(fans[0]!, star)).followers_count).toBe('50');
    await Promise.all(fans.map((fan, index) => (index < 20 ? block(star, fan) : follow(fan, star, 0))));
    expect((await seen(fans[30]!, star)).followers_count).toBe('0');
    await expectExact();
  });
});

describe('A private account', () => {
  test('is asked, and lets in whom it wants', async () => {
    const [ada, bob, eve] = await three();
    const secret = await appUser(api, { is_private: true });
    expect((await follow(ada!, secret)).msg.User).toMatchObject({ button: 'requested', followers_count: '0' });
    await follow(bob!, secret);
    await follow(eve!, secret);
    expect((await follow(eve!, secret, 0)).msg.User.button).toBe('follow');
    expect(await names('showFollowRequests', 'FollowRequests', secret)).toEqual([ada!.username, bob!.username].sort());
    expect(await verb<One>(api, 'answerFollowRequest', { user_id: ada!.id, accept: 1 }, secret.token)).toMatchObject({ code: 200, msg: { User: { button: 'follow back' } } });
    expect((await verb(api, 'answerFollowRequest', { user_id: bob!.id, accept: 0 }, secret.token)).code).toBe(200);
    for (const user of [ada!, bob!, eve!])
      expect(await verb(api, 'answerFollowRequest', { user_id: user.id, accept: 1 }, secret.token)).toEqual({ code: 201, msg: expect.stringContaining('does not ask') });
    expect(await names('showFollowRequests', 'FollowRequests', secret)).toEqual([]);
    expect(await seen(ada!, secret)).toMatchObject({ button: 'following', followers_count: '1' });
    expect(await seen(bob!, secret)).toMatchObject({ button: 'follow' });
    await expectExact();
  });

  test('shows its lists to who follows it alone, and its profile to everybody', async () => {
    const [ada, bob] = await three();
    const secret = await appUser(api, { is_private: true });
    await follow(ada!, secret);
    await verb(api, 'answerFollowRequest', { user_id: ada!.id }, secret.token);
    for (const list of ['showFollowers', 'showFollowing']) {
      expect(await verb(api, list, { user_id: secret.id }, bob!.token)).toEqual({ code: 201, msg: expect.stringContaining('private') });
      expect(await verb(api, list, { user_id: secret.id })).toEqual({ code: 201, msg: expect.stringContaining('private') });
      expect((await verb(api, list, { user_id: secret.id }, ada!.token)).code).toBe(200);
      expect((await verb(api, list, {}, secret.token)).code).toBe(200);
    }
    expect((await seen(bob!, secret)).username).toBe(secret.username);
  });

  test('that becomes public lets everybody in who asked, and exactly once', async () => {
    const fans = await Promise.all(Array.from({ length: 25 }, () => appUser(api)));
    const secret = await appUser(api, { is_private: true });
    await Promise.all(fans.map((fan) => follow(fan, secret)));
    const accepts = fans.slice(0, 5).map((fan) => verb(api, 'answerFollowRequest', { user_id: fan.id }, secret.token));
    const opened = [1, 2].map(() => verb(api, 'editProfile', { private: 0 }, secret.token));
    await Promise.all([...accepts, ...opened, ...fans.slice(5, 10).map((fan) => follow(fan, secret, 0))]);
    await expectExact();
    expect(await names('showFollowRequests', 'FollowRequests', secret)).toEqual([]);
  });
});

describe('A block', () => {
  test('hides each from the other, ends both follows and refuses new ones', async () => {
    const [ada, bob, eve] = await three();
    for (const user of [ada!, bob!]) await follow(user, eve!);
    await follow(ada!, bob!);
    await follow(bob!, ada!);
    expect(await block(ada!, bob!)).toEqual({ code: 200, msg: { user_id: bob!.id, blocked: '1' } });
    expect((await block(ada!, bob!)).code).toBe(200);
    for (const [by, whom] of [[ada!, bob!], [bob!, ada!]] as const) {
      expect(await verb(api, 'showUserDetail', { user_id: whom.id }, by.token)).toEqual({ code: 201, msg: expect.stringContaining('not there') });
      expect(await verb(api, 'showUserDetail', { username: whom.username }, by.token)).toEqual({ code: 201, msg: expect.stringContaining('not there') });
      expect(await verb(api, 'showFollowers', { user_id: whom.id }, by.token)).toEqual({ code: 201, msg: expect.stringContaining('not there') });
      expect(await names('showFollowers', 'Followers', by, { user_id: eve!.id })).toEqual([by.username]);
      expect(await follow(by, whom)).toEqual({ code: 201, msg: expect.stringContaining('blocked') });
    }
    expect(await names('showFollowers', 'Followers', null, { user_id: eve!.id })).toEqual([ada!.username, bob!.username].sort());
    expect(await names('showBlockedUsers', 'BlockedUsers', ada!)).toEqual([bob!.username]);
    expect(await names('showBlockedUsers', 'BlockedUsers', bob!)).toEqual([]);
    await expectExact();
    expect(await block(ada!, bob!, 0)).toEqual({ code: 200, msg: { user_id: bob!.id, blocked: '0' } });
    expect((await seen(ada!, bob!)).button).toBe('follow');
  });

  test('at the moment of a follow leaves none behind', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [ada, bob] = await three();
      await Promise.all([follow(ada!, bob!), block(bob!, ada!), follow(bob!, ada!), block(ada!, bob!)]);
      const { db } = api.database;
      expect(await db.selectFrom('follows').selectAll().where('follower_id', 'in', [ada!.id, bob!.id]).execute()).toEqual([]);
    }
    await expectExact();
  });

  test('holds by an id in capitals, as Swift writes them', async () => {
    const [ada, bob] = [await appUser(api), await appUser(api)];
    expect((await verb(api, 'blockUser', { user_id: bob.id.toUpperCase() }, ada.token)).code).toBe(200);
    expect((await verb(api, 'showUserDetail', { user_id: ada.id }, bob.token)).code).toBe(201);
  });

  test('is for others, who are there', async () => {
    const [ada] = await three();
    expect(await block(ada!, ada!)).toEqual({ code: 201, msg: 'user_id: is you' });
    expect((await verb<string>(api, 'blockUser', { user_id: newId() }, ada!.token)).msg).toContain('not there');
  });
});

describe('Lists of people', () => {
  test('go on where they were, also while new ones come', async () => {
    const star = await appUser(api);
    const fans: TestAppUser[] = [];
    for (let n = 0; n < 45; n += 1) fans.push(await appUser(api));
    for (const fan of fans) await follow(fan, star);
    const first = (await verb<List>(api, 'showFollowers', { user_id: star.id })).msg;
    expect(first.Followers!.map(({ User }) => User.id)).toEqual(fans.slice(25).reverse().map(({ id }) => id));
    await Promise.all((await three()).map((fan) => follow(fan, star)));
    const second = (await verb<List>(api, 'showFollowers', { user_id: star.id, cursor: first.next })).msg;
    const third = (await verb<List>(api, 'showFollowers', { user_id: star.id, cursor: second.next })).msg;
    const all = [first, second, third].flatMap(({ Followers }) => Followers!.map(({ User }) => User.id));
    expect(all).toEqual(fans.toReversed().map(({ id }) => id));
    expect(third.next).toBe('');
    const pages = await Promise.all([0, '1', 2, 3].map((starting_point) => names('showFollowers', 'Followers', null, { user_id: star.id, starting_point })));
    expect(pages.map((page) => (page as string[]).length)).toEqual([20, 20, 8, 0]);
    expect(new Set(pages.flat()).size).toBe(48);
  });

  test('that came in one statement are parted to the microsecond and by id', async () => {
    const star = await appUser(api);
    const fans = await Promise.all(Array.from({ length: 30 }, () => appUser(api)));
    await api.database.db.insertInto('follows').values(fans.map(({ id }) => ({ follower_id: id, followee_id: star.id, state: 'accepted' as const }))).execute();
    await api.database.db.updateTable('app_users').set({ followers: 30 }).where('id', '=', star.id).execute();
    await api.database.db.updateTable('app_users').set({ following: 1 }).where('id', 'in', fans.map(({ id }) => id)).execute();
    const first = (await verb<List>(api, 'showFollowers', { user_id: star.id })).msg;
    const second = (await verb<List>(api, 'showFollowers', { user_id: star.id, cursor: first.next })).msg;
    expect(new Set([...first.Followers!, ...second.Followers!].map(({ User }) => User.id)).size).toBe(30);
  });

  test('leave out who was deleted, and say how the viewer stands to each', async () => {
    const [ada, bob, eve] = await three();
    const gone = await appUser(api);
    for (const user of [bob!, gone, ada!]) await follow(user, eve!);
    await follow(ada!, bob!);
    await api.database.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', gone.id).execute();
    const { msg } = await verb<List>(api, 'showFollowers', { user_id: eve!.id }, ada!.token);
    expect(msg.Followers!.map(({ User: { id, button } }) => [id, button])).toEqual([[ada!.id, ''], [bob!.id, 'following']]);
    await api.database.db.updateTable('app_users').set({ deleted_at: null }).where('id', '=', gone.id).execute();
  });

  test('of nobody in particular need a token', async () => {
    expect((await verb(api, 'showFollowers')).code).toBe(401);
    expect(await verb(api, 'showFollowers', { cursor: 'made up' }, (await appUser(api)).token)).toEqual({ code: 201, msg: expect.stringContaining('cursor') });
  });
});

test('What other lists ask of relations', async () => {
  const { db } = api.database;
  const [ada, bob, eve] = await three();
  const secret = await appUser(api, { is_private: true });
  await follow(ada!, bob!);
  await follow(ada!, secret);
  await block(eve!, ada!);
  expect(await relationshipOf(db, ada!.id, ada!.id)).toBe('self');
  expect(await relationshipOf(db, null, ada!.id)).toBe('none');
  expect([...(await relationshipsOf(db, ada!.id, [bob!.id, eve!.id, secret.id, ada!.id])).values()]).toEqual(['following', 'none', 'requested', 'self']);
  expect([await isBlocked(db, ada!.id, eve!.id), await isBlocked(db, eve!.id, ada!.id), await isBlocked(db, ada!.id, bob!.id)]).toEqual([true, true, false]);
  const ids = [ada!, bob!, eve!, secret].map(({ id }) => id);
  const listed = async (viewer: string | null) => {
    const rows = await db.selectFrom('app_users').select('id').where('id', 'in', ids).where(notBlocked(viewer, 'app_users.id')).where(openTo(viewer, 'app_users')).execute();
    return rows.map(({ id }) => ids.indexOf(id)).sort();
  };
  expect(await listed(null)).toEqual([0, 1, 2]);
  expect(await listed(ada!.id)).toEqual([0, 1]);
  expect(await listed(eve!.id)).toEqual([1, 2]);
  expect(await listed(secret.id)).toEqual([0, 1, 2, 3]);
  await verb(api, 'answerFollowRequest', { user_id: ada!.id }, secret.token);
  expect(await listed(ada!.id)).toEqual([0, 1, 3]);
});
