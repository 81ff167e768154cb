/** A state as people see it: a sign and a word (never colour alone), and the tone of its colour. */
const POST_STATES = {
  scheduled: { sign: '◷', word: 'Scheduled', tone: 'calm', note: 'It waits for its time. Caption and time can still be changed.' },
  waiting_quota: { sign: '◷', word: 'Waiting for TikTok’s quota', tone: 'calm', note: 'It goes on by itself as soon as TikTok allows it.' },
  preparing: { sign: '…', word: 'Preparing', tone: 'busy', note: '' },
  uploading: { sign: '↑', word: 'Uploading to TikTok', tone: 'busy', note: '' },
  processing: { sign: '…', word: 'TikTok is processing it', tone: 'busy', note: 'This takes from seconds to some minutes, rarely hours.' },
  in_inbox: {
    sign: '✉',
    word: 'Draft in the TikTok inbox',
    tone: 'calm',
    note: 'Open the notification in the TikTok app to finish the post.',
  },
  unconfirmed: {
    sign: '?',
    word: 'Unconfirmed',
    tone: 'warn',
    note: 'TikTok has not said what became of it. It is asked again and again until it is known; nothing is posted twice.',
  },
  published: { sign: '✓', word: 'Published', tone: 'good', note: '' },
  failed: { sign: '✕', word: 'Failed', tone: 'bad', note: '' },
  cancelled: { sign: '–', word: 'Cancelled', tone: 'calm', note: '' },
};

const ACCOUNT_STATES = {
  connected: { sign: '✓', word: 'Connected', tone: 'good' },
  expiring: { sign: '!', word: 'Consent ends soon', tone: 'warn' },
  reconnect_needed: { sign: '✕', word: 'Reconnect needed', tone: 'bad' },
  disconnected: { sign: '–', word: 'Disconnected', tone: 'calm' },
};

/** A state that this page does not know yet is shown by its name. */
const unknown = (state) => ({ sign: '•', word: state, tone: 'calm', note: '' });

export const postState = (state) => POST_STATES[state] ?? unknown(state);
export const accountState = (state) => ACCOUNT_STATES[state] ?? unknown(state);

const FINAL = new Set(['published', 'failed', 'cancelled']);
/** Nothing happens any more by itself. */
export const isFinal = (post) => FINAL.has(post.state);
const SOON_MS = 15_000;
const isSoon = ({ publish_at }) => publish_at === null || Date.parse(publish_at) - Date.now() < SOON_MS;
/** Something happens with it right now, or within seconds. */
export const isMoving = (post) => !isFinal(post) && post.state !== 'in_inbox' && (post.state !== 'scheduled' || isSoon(post));
export const isEditable = (post) => post.state === 'scheduled' || post.state === 'waiting_quota';
export const isRetryable = (post) => post.state === 'failed' || post.state === 'cancelled';

/** TikTok's names of who may see a post, as its app says them. */
const PRIVACY = {
  PUBLIC_TO_EVERYONE: 'Everyone',
  MUTUAL_FOLLOW_FRIENDS: 'Friends (followers you follow back)',
  FOLLOWER_OF_CREATOR: 'Followers',
  SELF_ONLY: 'Only you',
};
export const privacyWord = (level) => PRIVACY[level] ?? level;

const TIMELINE = {
  created: 'Created',
  edited: 'Edited',
  scheduled: 'Scheduled',
  waiting_quota: 'Waits for quota',
  creator_info: 'Asked TikTok what the creator may do',
  init: 'Upload opened at TikTok',
  init_lost: 'TikTok’s answer was lost',
  upload_started: 'Upload began',
  chunk: 'Part stored at TikTok',
  upload_resumed: 'Upload went on',
  uploaded: 'Upload complete',
  token_refreshed: 'Token refreshed',
  status: 'TikTok’s status',
  webhook: 'TikTok’s webhook',
  published: 'Published',
  failed: 'Failed',
  cancelled: 'Cancelled',
  unconfirmed: 'Unconfirmed',
  retried: 'Tried again',
};
export const timelineWord = (kind) => TIMELINE[kind] ?? kind;

/** The name that people know an account by. */
export const accountName = ({ display_name, username }) => (username ? `@${username}` : (display_name ?? 'account without a name'));

/** What to do about a way back from TikTok that brought no account; TikTok's own words come behind it. */
const RETURNS = {
  oauth_denied: 'You did not give consent on TikTok’s page. Connect again and allow it.',
  oauth_failed: 'TikTok did not connect the account. Connect again.',
  unavailable: 'A part that this needs does not answer right now. Connect again in a minute.',
};
export const returnWords = ({ code, reason }) => [RETURNS[code], reason].filter(Boolean).join(' ') || 'TikTok did not connect the account.';
