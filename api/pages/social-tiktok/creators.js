import { api } from '/pages/shared/api.js';

/**
 * What TikTok allows each of the accounts right now; asked anew each time, as its guidelines demand
 * (https://developers.tiktok.com/docs/en/content-sharing-guidelines).
 * @returns [{ account, info, fault }]: fault where TikTok, or we, said no
 */
export const readCreators = (accounts) =>
  Promise.all(
    accounts.map((account) =>
      api.get(`/api/social-accounts/${account.id}/creator-info`).then(
        (info) => ({ account, info, fault: null }),
        (fault) => ({ account, info: null, fault }),
      ),
    ),
  );

/** What holds for all of them: a post goes out to each with the same settings. */
export function commonGround(creators) {
  const infos = creators.filter(({ info }) => info).map(({ info }) => info);
  const [first, ...others] = infos;
  const withDisabled = (name) => infos.filter((info) => info[name]).map((info) => info.nickname);
  return {
    nicknames: infos.map((info) => info.nickname),
    faults: creators.filter(({ fault }) => fault),
    privacyLevels: (first?.privacy_level_options ?? []).filter((level) =>
      others.every((info) => info.privacy_level_options.includes(level)),
    ),
    /** Nicknames of those who have switched it off in TikTok. */
    disabled: { comment: withDisabled('comment_disabled'), duet: withDisabled('duet_disabled'), stitch: withDisabled('stitch_disabled') },
    longestSeconds: Math.min(...infos.map((info) => info.max_video_post_duration_s)),
  };
}
