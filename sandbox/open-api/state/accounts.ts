import { createHash } from 'node:crypto';
import { z } from 'zod';
import { BoundedMap } from './bounded-map.ts';
import { scopeSchema } from './settings-schema.ts';

const MAX_ACCOUNTS = 20_000;
const figure = z.number().int().min(0).max(1_000_000_000_000);

/** What the control API may set of an account. */
export const accountPatchSchema = z.strictObject({
  display_name: z.string().max(200),
  bio_description: z.string().max(1_000),
  is_verified: z.boolean(),
  is_private: z.boolean(),
  /** From posting, by TikTok. */
  is_banned: z.boolean(),
  /** false: the consent page refuses it, as TikTok does with accounts that are no target user of a sandbox app. */
  is_target_user: z.boolean(),
  /** What the creator ticks at most; null: all that is asked for. */
  grants_scopes: z.array(scopeSchema).nullable(),
  /** null: as the app is. */
  app_audited: z.boolean().nullable(),
  comment_disabled: z.boolean(),
  duet_disabled: z.boolean(),
  stitch_disabled: z.boolean(),
  max_video_post_duration_sec: z.number().int().min(1).max(86_400),
  /** Whether the creator's TikTok app is new enough for photo drafts (31.8). */
  app_version_ok: z.boolean(),
  follower_count: figure,
  following_count: figure,
  likes_count: figure,
  video_count: figure,
  /** Posts of other API clients in the last 24 h, which count against the cap. */
  other_direct_posts: z.number().int().min(0).max(1_000),
  other_pending_shares: z.number().int().min(0).max(1_000),
});
export type AccountPatch = Partial<z.infer<typeof accountPatchSchema>>;

export const usernameSchema = z.string().regex(/^[A-Za-z0-9._]{1,24}$/, 'must be a TikTok handle: letters, digits, _ and . (at most 24)');
export const accountSchema = accountPatchSchema.partial().extend({ username: usernameSchema });

export interface Account extends z.infer<typeof accountPatchSchema> {
  readonly username: string;
  readonly open_id: string;
  readonly union_id: string;
}

export interface Accounts {
  byName(username: string): Account | undefined;
  all(): Account[];
  put(username: string, patch: AccountPatch): Account;
  reset(): void;
}

/** Always there, as docs/sandbox.md tells. */
const DEMO_ACCOUNTS: Record<string, AccountPatch> = {
  showrunner_demo: { display_name: 'Showrunner Demo', is_verified: true, follower_count: 48_200, following_count: 312, likes_count: 903_000, video_count: 184 },
  cafe_nordlicht: { display_name: 'Café Nordlicht', bio_description: 'Coffee ☕ and cake, Hamburg', follower_count: 1_240, following_count: 98, likes_count: 8_700, video_count: 37 },
  private_paula: { display_name: 'Paula', is_private: true, duet_disabled: true, stitch_disabled: true, follower_count: 83 },
  quiet_quentin: { display_name: 'Quentin', comment_disabled: true, duet_disabled: true, stitch_disabled: true, follower_count: 540 },
  short_sina: { display_name: 'Sina', max_video_post_duration_sec: 60, follower_count: 2_010 },
  banned_bruno: { display_name: 'Bruno', is_banned: true, follower_count: 12 },
  busy_bea: { display_name: 'Bea', other_direct_posts: 15, other_pending_shares: 5, follower_count: 220_000 },
  partial_pat: { display_name: 'Pat', grants_scopes: ['user.info.basic', 'video.list'], follower_count: 77 },
  outsider_olaf: { display_name: 'Olaf', is_target_user: false },
};

export function createAccounts(): Accounts {
  const accounts = new BoundedMap<string, Account>(MAX_ACCOUNTS);
  const put = (username: string, patch: AccountPatch): Account => {
    const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as AccountPatch;
    const found = accounts.get(username.toLowerCase());
    if (found) return Object.assign(found, given);
    const account = { ...newAccount(username), ...given };
    accounts.set(username.toLowerCase(), account);
    return account;
  };
  const reset = (): void => {
    accounts.clear();
    for (const [username, patch] of Object.entries(DEMO_ACCOUNTS)) put(username, patch);
  };
  reset();
  return { byName: (username) => accounts.get(username.replace(/^@/, '').toLowerCase()), all: () => [...accounts.values()], put, reset };
}

/** Of the same name in every sandbox, so that an account is recognised after the sandbox was started again. */
const idOf = (kind: string, username: string): string =>
  `-000${createHash('sha256').update(`${kind}:${username.toLowerCase()}`).digest('base64url').slice(0, 32)}`;

const newAccount = (username: string): Account => ({
  username,
  open_id: idOf('open', username),
  union_id: idOf('union', username),
  display_name: username,
  bio_description: '',
  is_verified: false,
  is_private: false,
  is_banned: false,
  is_target_user: true,
  grants_scopes: null,
  app_audited: null,
  comment_disabled: false,
  duet_disabled: false,
  stitch_disabled: false,
  max_video_post_duration_sec: 600,
  app_version_ok: true,
  follower_count: 100,
  following_count: 10,
  likes_count: 0,
  video_count: 0,
  other_direct_posts: 0,
  other_pending_shares: 0,
});
