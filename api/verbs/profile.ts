import { z } from 'zod';
import { changeProfile, changeSettings, type AppUser } from '../../db/app-user.repository.ts';
import { walletOf } from '../../db/coin-ledger.repository.ts';
import { acceptAllRequests } from '../../db/follow.repository.ts';
import { AUDIENCES, PUSH_SETTINGS, type PushSettings } from '../../domain/contracts/social.ts';
import { ApiError, fieldError } from '../errors.ts';
import { accountVerbs } from './account.ts';
import { flag, text } from './fields.ts';
import { EXAMPLE_OWN_USER, EXAMPLE_PRIVACY, EXAMPLE_PUSH } from './people-examples.ts';
import { requirePerson } from './person.ts';
import { hideLives } from './live.ts';
import { bio, gender, maybeId, personName, pictureUrl, username, website } from './profile-fields.ts';
import { ownUserView, privacyView, pushView, userView } from './views.ts';
import { defineVerb, type Verb, type VerbCall } from './verb.ts';

const showUserDetail = defineVerb({
  name: 'showUserDetail',
  summary: 'A profile: one’s own with wallet and settings, or another’s with the relationship',
  description:
    'Without `user_id` and `username`, or with one’s own: `wallet`, `email`, `PushNotification` and `PrivacySetting` too. Of another, `button` says how the two stand: `follow`, `following`, `requested`, `follow back` or `friends`. ' +
    'Private accounts show their profile, not their lists. Where one has blocked the other there is nobody.',
  access: 'optional',
  input: z.object({ user_id: maybeId, username: text(31).optional().default('') }),
  turns_per_minute: 240,
  example: { request: {}, msg: { User: EXAMPLE_OWN_USER, PushNotification: EXAMPLE_PUSH, PrivacySetting: EXAMPLE_PRIVACY } },
  async run({ deps: { db }, workspace_id, user }, { user_id, username: name }) {
    const wanted = user_id !== null ? { user_id } : name !== '' ? { username: name.replace(/^@/, '').toLowerCase() } : null;
    if (wanted === null && user === null) throw new ApiError('unauthenticated', { reason: 'missing' });
    const seen = wanted && (await requirePerson(db, { workspace_id, viewer_id: user?.id ?? null }, wanted));
    if (seen && seen.user.id !== user?.id) return { User: userView(seen.user, seen.relationship) };
    return ownDetail({ deps: { db }, workspace_id }, user!);
  },
});

const ownDetail = async ({ deps: { db }, workspace_id }: { deps: Pick<VerbCall['deps'], 'db'>; workspace_id: string }, user: AppUser) => {
  const { balance } = await walletOf(db, workspace_id, user.id);
  return { User: ownUserView(user, balance), PushNotification: pushView(user), PrivacySetting: privacyView(user) };
};

const editProfile = defineVerb({
  name: 'editProfile',
  summary: 'Changes one’s own profile',
  description: 'What is absent stays as it is; an empty text empties, save for the username. An account that becomes public lets everybody in who asked; one that becomes private keeps what it shows live for its followers.',
  access: 'user',
  input: z.object({
    username: username.optional(),
    first_name: personName.optional(),
    last_name: personName.optional(),
    bio: bio.optional(),
    website: website.optional(),
    gender: gender.optional(),
    profile_pic: pictureUrl.optional(),
    private: flag.optional(),
  }),
  turns_per_minute: 30,
  example: { request: { username: 'ada.lovelace', bio: 'I dance with machines', private: '0' }, msg: { User: EXAMPLE_OWN_USER } },
  async run(call, { private: is_private, ...change }) {
    const { deps: { db }, workspace_id, user } = call;
    const given = Object.fromEntries(Object.entries({ ...change, is_private }).filter(([, value]) => value !== undefined));
    const changed = await changeProfile(db, workspace_id, user.id, given);
    if (changed === 'taken') throw fieldError('username', 'somebody has this username', 'username_taken');
    if (!changed) throw new ApiError('user_gone');
    if (is_private === true) await hideLives(call);
    if (is_private === false) await acceptAllRequests(db, workspace_id, user.id);
    const { User } = await ownDetail({ deps: { db }, workspace_id }, (await requirePerson(db, { workspace_id, viewer_id: user.id }, { user_id: user.id })).user);
    return { User };
  },
});

const audience = z.enum(AUDIENCES, `must be ${AUDIENCES.join(', ')}`).optional();

const addPrivacySetting = defineVerb({
  name: 'addPrivacySetting',
  summary: 'Says who may do what with one’s things',
  description: 'What is absent stays as it is. `friends` are those who follow each other.',
  access: 'user',
  input: z.object({
    direct_message: audience,
    video_comment: audience,
    duet: audience,
    liked_videos: z.enum(['everyone', 'only_me'], 'must be everyone or only_me').optional(),
    videos_download: flag.optional(),
  }),
  turns_per_minute: 30,
  example: { request: { direct_message: 'everyone', liked_videos: 'only_me' }, msg: { PrivacySetting: EXAMPLE_PRIVACY } },
  async run({ deps: { db }, workspace_id, user }, privacy) {
    return { PrivacySetting: privacyView(there(await changeSettings(db, workspace_id, user.id, { privacy }))) };
  },
});

const pushInput = z.object(Object.fromEntries(PUSH_SETTINGS.map((name) => [name, flag.optional()])) as Record<keyof PushSettings, z.ZodOptional<typeof flag>>);

const updatePushNotificationSettings = defineVerb({
  name: 'updatePushNotificationSettings',
  summary: 'Says what one wants to be told by push',
  description: 'What is absent stays as it is. Everything stays in `showNotifications`.',
  access: 'user',
  input: pushInput,
  turns_per_minute: 30,
  example: { request: { likes: '1', gifts: '1' }, msg: { PushNotification: EXAMPLE_PUSH } },
  async run({ deps: { db }, workspace_id, user }, push) {
    return { PushNotification: pushView(there(await changeSettings(db, workspace_id, user.id, { push }))) };
  },
});

function there(user: AppUser | undefined): AppUser {
  if (!user) throw new ApiError('user_gone');
  return user;
}

export const profileVerbs: readonly Verb[] = [showUserDetail, editProfile, addPrivacySetting, updatePushNotificationSettings, ...accountVerbs];
