import { expect, test } from '@jest/globals';
import { VERBS } from '../../api/verbs/index.ts';
import { storedVerbsDocument, verbsDocument } from '../../scripts/docs-verbs.ts';

test('docs/mobile-api.md says what the verbs in the code say', async () => {
  expect(await storedVerbsDocument()).toBe(verbsDocument());
});

test('no verb is there twice', () => {
  const names = VERBS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

/** What the table names; more may be there. */
const PROMISED = [
  ...['registerUser', 'showUserDetail', 'showRelatedVideos', 'liveStream', 'sendGift', 'purchaseCoin', 'showCoinPackages', 'showGifts'],
  ...['uploadVideo', 'showVideoDetail', 'deleteVideo', 'likeVideo', 'postCommentOnVideo', 'showVideoComments', 'likeComment', 'shareVideo', 'watchVideo'],
  ...['followUser', 'showFollowers', 'showFollowing', 'blockUser', 'reportVideo', 'reportUser', 'search', 'showHashtagVideos', 'showSounds'],
  ...['showNotifications', 'readNotifications', 'addDeviceData', 'sendMessage', 'showConversations', 'showMessages'],
  ...['showTransactions', 'requestPayout', 'showPayouts', 'showVideoAnalytics'],
];

test('every verb that was promised is there', () => {
  const names = new Set(VERBS.map(({ name }) => name));
  expect(PROMISED.filter((name) => !names.has(name))).toEqual([]);
});

test('every example is what its verb takes', () => {
  for (const { name, input, example, readsBody } of VERBS) {
    if (readsBody) continue;
    expect([name, input.safeParse(example.request).error?.message]).toEqual([name, undefined]);
  }
});
