import type { userView } from './views.ts';

/** What examples of the contract show of people. */

export const EXAMPLE_USER_ID = '0190a1b2-0000-7000-8000-000000000002';

/** Another one. */
export const EXAMPLE_USER: ReturnType<typeof userView> = {
  id: EXAMPLE_USER_ID,
  username: 'bob',
  first_name: 'Bob',
  last_name: 'Marlin',
  bio: '',
  gender: 'male',
  website: '',
  profile_pic: 'https://cdn.example.com/bob.jpg',
  verified: '0',
  private: '0',
  followers_count: '12',
  following_count: '3',
  video_count: '4',
  likes_count: '250',
  button: 'follow back',
  created: '2026-03-14 18:00:00',
};

/** Who calls. */
export const EXAMPLE_OWN_USER = {
  ...EXAMPLE_USER,
  id: '0190a1b2-0000-7000-8000-000000000001',
  username: 'ada.lovelace',
  first_name: 'Ada',
  last_name: 'Lovelace',
  bio: 'I dance with machines',
  gender: 'female',
  website: 'https://ada.example.com',
  profile_pic: 'https://cdn.example.com/ada.jpg',
  button: '',
  email: 'ada@example.com',
  social: 'google',
  wallet: '120',
};

export const EXAMPLE_PUSH = {
  id: EXAMPLE_OWN_USER.id,
  likes: '1',
  comments: '1',
  new_followers: '1',
  mentions: '1',
  direct_messages: '1',
  video_updates: '1',
  gifts: '1',
};

export const EXAMPLE_PRIVACY = {
  id: EXAMPLE_OWN_USER.id,
  direct_message: 'everyone',
  video_comment: 'everyone',
  duet: 'everyone',
  liked_videos: 'only_me',
  videos_download: '1',
};
