import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../db/ids.ts';
import { findSocialApp } from '../../db/social-app.repository.ts';
import { showVideo } from '../helpers/account-world.ts';
import { appUser, socialApp, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface Report {
  id: string;
  subject: string;
  subject_id: string;
  state: string;
  reason: string;
}
interface Listed {
  items: { id: string; reporter_id: string; subject_kind: string; subject_id: string; state: string; decided_by: string | null; decided_at: string | null }[];
  next_cursor: string | null;
}

let api: TestApi;
let admin: Person;
let video_id: string;
let ada: TestAppUser;
let bob: TestAppUser;
beforeAll(async () => {
  api = await createTestApi();
  await socialApp(api);
  admin = await api.person('admin', (await findSocialApp(api.deps.db))!);
  [ada, bob] = await Promise.all([appUser(api), appUser(api)]);
  video_id = await showVideo(api.deps.db, api.deps.media, bob, 'look');
});
afterAll(() => api.close());

const report = (by: TestAppUser, fields: object) => verb<{ Report: Report } & string>(api, 'video_id' in fields ? 'reportVideo' : 'reportUser', { reason: 'spam', ...fields }, by.token);
const list = (query = '', token = admin.token) => api.call<Listed>('GET', `/social/reports${query}`, { token });
const decide = (id: string, decision: string, token = admin.token) => api.call<{ state: string; code: string; decided_by: string }>('POST', `/social/reports/${id}/decide`, { token, body: { decision } });

test('A user and a video are reported, each once as long as it is open', async () => {
  const answers = await Promise.all(Array.from({ length: 6 }, () => report(ada, { user_id: bob.id, description: 'again and again' })));
  expect(new Set(answers.map(({ msg }) => msg.Report.id)).size).toBe(1);
  expect(answers[0]!.msg.Report).toMatchObject({ subject: 'user', subject_id: bob.id, state: 'open', reason: 'spam' });
  const video = await report(ada, { video_id });
  expect(video.msg.Report).toMatchObject({ subject: 'video', subject_id: video_id });
  const eve = await appUser(api);
  expect((await report(eve, { user_id: bob.id })).msg.Report.id).not.toBe(answers[0]!.msg.Report.id);

  const { body } = await list();
  expect(body.items.map(({ subject_kind }) => subject_kind)).toEqual(['user', 'video', 'user']);
  const { id } = answers[0]!.msg.Report;
  expect((await decide(id, 'dismissed')).body).toMatchObject({ state: 'dismissed', decided_by: admin.user_id });
  expect((await decide(id, 'dismissed')).status).toBe(200);
  expect(await decide(id, 'upheld')).toMatchObject({ status: 409, body: { code: 'conflict' } });
  const second = await report(ada, { user_id: bob.id });
  expect(second.msg.Report).toMatchObject({ state: 'open' });
  expect(second.msg.Report.id).not.toBe(id);
  expect((await list('?state=dismissed')).body.items.map((item) => item.id)).toEqual([id]);
});

test('What can not be seen can not be reported, save for a user who blocked one', async () => {
  const [eve, hidden] = [await appUser(api), await appUser(api, { is_private: true })];
  const theirs = await showVideo(api.deps.db, api.deps.media, hidden, 'mine');
  expect(await report(eve, { video_id: theirs })).toEqual({ code: 201, msg: expect.stringContaining('not there') });
  expect(await report(eve, { video_id: newId() })).toEqual({ code: 201, msg: expect.stringContaining('not there') });
  expect(await report(eve, { user_id: newId() })).toEqual({ code: 201, msg: expect.stringContaining('not there') });
  expect(await report(eve, { user_id: eve.id })).toEqual({ code: 201, msg: 'user_id: is you' });
  expect(await report(bob, { video_id })).toEqual({ code: 201, msg: 'video_id: is yours' });
  expect(await report(eve, { user_id: bob.id, reason: ' ' })).toEqual({ code: 201, msg: 'reason: is needed' });
  await verb(api, 'blockUser', { user_id: eve.id }, bob.token);
  expect((await report(eve, { user_id: bob.id })).code).toBe(200);
});

test('Reports are for the app’s own admins, page by page', async () => {
  const all = (await list()).body.items.map(({ id }) => id);
  const pages: string[] = [];
  let cursor: string | null = null;
  do {
    const { body }: { body: Listed } = await list(`?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
    pages.push(...body.items.map(({ id }) => id));
    cursor = body.next_cursor;
  } while (cursor);
  expect(pages).toEqual(all);
  const member = await api.person('member', admin.workspace_id);
  expect((await list('', member.token)).status).toBe(403);
  expect((await decide(all[0]!, 'upheld', member.token)).status).toBe(403);
  const stranger = await api.person();
  expect((await list('', stranger.token)).body.items).toEqual([]);
  expect((await decide(all[0]!, 'upheld', stranger.token)).status).toBe(404);
  expect((await list('', ada.token)).status).toBe(404);
  expect((await decide(all[0]!, 'perhaps')).status).toBe(422);
  expect((await decide(newId(), 'upheld')).status).toBe(404);
});
