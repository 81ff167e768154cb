import type { RoomSettingsInput } from './settings.ts';

const STEADY = { events_per_second: 8 };

/** The rooms that every sandbox has; docs/sandbox.md tells of each. */
export const DEMO_ROOMS: Readonly<Record<string, RoomSettingsInput>> = {
  demo: { title: 'Late night chat & roses', nickname: 'Demo ✨', traffic: STEADY },
  busy: { title: '100k party', nickname: 'Busy Bee', traffic: { events_per_second: 200, events_per_frame: 5 } },
  gifts: {
    title: 'Gift battle',
    nickname: 'Gifts Galore',
    traffic: {
      events_per_second: 12,
      mix: { comment: 8, like: 5, join: 5, gift: 80, follow: 1, share: 0, room_user: 1 },
      abandoned_streaks: 0.2,
    },
  },
  quiet: { title: 'Study with me', nickname: 'Quiet' },
  later: { title: 'Starts soon', nickname: 'Later', starts: 'offline', traffic: STEADY, life: { live_after_ms: 30_000 } },
  offline: { title: '', nickname: 'Offline', starts: 'offline' },
  limited: {
    title: 'Popular',
    nickname: 'Limited',
    traffic: STEADY,
    sign: { mode: 'rate_limited', times: 2, cycle: true, retry_after_s: 3 },
  },
  dropping: { title: 'Bad Wi-Fi', nickname: 'Dropping', traffic: STEADY, faults: { drop_every_ms: 5_000 } },
  silent: { title: 'Frozen', nickname: 'Silent', traffic: STEADY, faults: { freeze_after_ms: 3_000 } },
  redelivering: { title: 'Déjà vu', nickname: 'Redelivering', traffic: STEADY, faults: { redeliver: 0.3 }, overlap: 30, history: 20 },
  restricted: { title: 'Adults only', nickname: 'Restricted', traffic: STEADY, age_restricted: true },
  ending: { title: 'Last song', nickname: 'Ending', traffic: STEADY, life: { end_after_ms: 20_000, again_after_ms: 30_000 } },
  suspended: {
    title: 'On thin ice',
    nickname: 'Suspended',
    traffic: STEADY,
    life: { end_after_ms: 10_000, end_as: 'suspended', again_after_ms: 30_000 },
  },
  malformed: { title: 'Glitch art', nickname: 'Malformed', traffic: STEADY, faults: { malformed_every: 7 } },
  reordering: { title: 'Backwards', nickname: 'Reordering', traffic: { events_per_second: 20 }, faults: { reorder: 0.3 } },
};
