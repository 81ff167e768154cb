import { z } from 'zod';
import { registerAppUser } from '../../db/app-registration.ts';
import { walletOf } from '../../db/coin-ledger.repository.ts';
import { signToken } from '../../db/signed-token.ts';
import { SOCIAL_PROVIDERS } from '../../domain/contracts/social.ts';
import { usernameOf } from '../../domain/social/username.ts';
import { ApiError } from '../errors.ts';
import { neededText, text } from './fields.ts';
import { EXAMPLE_OWN_USER, EXAMPLE_PRIVACY, EXAMPLE_PUSH } from './people-examples.ts';
import { refuseSuspended } from './person.ts';
import { personName, pictureUrl } from './profile-fields.ts';
import { ownUserView, privacyView, pushView } from './views.ts';
import { defineVerb, type Verb } from './verb.ts';

const registerUser = defineVerb({
  name: 'registerUser',
  summary: 'Signs in by Google, Facebook or Apple, and makes the user at the first time',
  description:
    '`auth_token` is the provider’s: the id token of Google and Apple, the access token of Facebook. `social_id` is the user’s id there, as the token has it. ' +
    '`nonce` is needed where the app gave one to Apple. Names and picture count at the first time only; a `username` that somebody has becomes the next free one. ' +
    'The answer’s `User.auth_token` is ours. See [sign-in](social-sign-in.md).',
  access: 'public',
  input: z.object({
    social: z.preprocess((value) => (typeof value === 'string' ? value.trim().toLowerCase() : value), z.enum(SOCIAL_PROVIDERS, 'must be google, facebook or apple')),
    social_id: neededText(255),
    auth_token: text(16_384).optional().default(''),
    nonce: text(255).optional().default(''),
    username: text(100).optional().default(''),
    first_name: personName.optional().default(''),
    last_name: personName.optional().default(''),
    email: text(320).optional().default(''),
    profile_pic: pictureUrl.optional().default(''),
  }),
  turns_per_minute: 30,
  example: {
    request: {
      username: 'ada.lovelace',
      first_name: 'Ada',
      last_name: 'Lovelace',
      email: 'ada@example.com',
      social: 'google',
      social_id: '110169484474386276334',
      auth_token: 'eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiIxMTAxNjk0ODQ0NzQzODYyNzYzMzQifQ.c2ln',
    },
    msg: { User: { ...EXAMPLE_OWN_USER, auth_token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTkwYTFiMiJ9.c2ln' }, PushNotification: EXAMPLE_PUSH, PrivacySetting: EXAMPLE_PRIVACY },
  },
  async run({ deps, workspace_id }, { social, social_id, auth_token, nonce, ...claimed }) {
    const { db, config, identity } = deps;
    const vouched = await identity.verify({ social, social_id, token: auth_token, nonce: nonce || null, email: claimed.email || null });
    if (!vouched.ok) throw new ApiError(vouched.code, { detail: vouched.reason });
    const { email, ...told } = vouched.identity;
    const first_name = claimed.first_name || namePart(told.first_name);
    const last_name = claimed.last_name || namePart(told.last_name);
    const { user } = await registerAppUser(db, {
      workspace_id,
      social,
      social_id: told.social_id,
      username: usernameOf(claimed.username, `${first_name} ${last_name}`, email?.split('@')[0]),
      first_name,
      last_name,
      email,
      profile_pic: claimed.profile_pic || (pictureUrl.safeParse(told.picture ?? '').data ?? ''),
    });
    refuseSuspended(user);
    const { balance } = await walletOf(db, workspace_id, user.id);
    const token = await signToken('access', user.id, config.jwtSecret, config.social.tokenTtlS);
    return { User: { ...ownUserView(user, balance), auth_token: token }, PushNotification: pushView(user), PrivacySetting: privacyView(user) };
  },
});

/** What the provider calls them, within our bounds. */
const namePart = (name: string | null): string => personName.safeParse(name ?? '').data ?? '';

export const signInVerbs: readonly Verb[] = [registerUser];
