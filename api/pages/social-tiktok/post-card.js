import { api } from '/pages/shared/api.js';
import { el } from '/pages/shared/dom.js';
import { formatBytes, formatNumber, formatTime } from '/pages/shared/format.js';
import { accountName, isEditable, isFinal, isRetryable, postState, privacyWord, timelineWord } from './wording.js';

const SHOWN_CAPTION = 160;
/** Too far to be cancelled, or over. */
const UNSTOPPABLE = new Set(['published', 'failed', 'cancelled', 'in_inbox']);

/** What a card of the list shows; `open`: keys of the details that a person has opened. */
export function postCard(post, { open, cancel, retry, remove, edit }) {
  const name = accountName(post.social_account);
  const title = shortened(post.caption || post.media?.file_name || post.video_url || 'Post without a caption');
  const button = (key, text, onclick, className) =>
    el('button', { type: 'button', class: className, 'data-key': `${post.id}-${key}`, 'aria-label': `${text}: ${title}`, onclick }, text);
  return [
    el('div', { class: 'card-head' }, el('h3', {}, title), badge(post)),
    el('p', { class: 'quiet-text' }, facts(post, name)),
    post.state_reason && el('p', { class: post.state === 'failed' ? 'reason fault' : 'reason', 'data-role': 'reason' }, post.state_reason),
    postState(post.state).note && el('p', { class: 'quiet-text' }, postState(post.state).note),
    progress(post),
    permalink(post),
    post.state === 'published' && lazy(open, 'metrics', `${post.id}-metrics`, 'Numbers', () => readMetrics(post)),
    lazy(open, 'timeline', `${post.id}-timeline`, 'What happened', () => readTimeline(post)),
    el(
      'div',
      { class: 'row' },
      isEditable(post) && button('edit', 'Edit', edit),
      !UNSTOPPABLE.has(post.state) && button('cancel', 'Cancel', () => cancel(post), 'danger'),
      isRetryable(post) && button('retry', 'Try again', retry),
      isFinal(post) && button('remove', 'Remove', () => remove(post), 'quiet'),
    ),
  ].filter(Boolean);
}

const shortened = (text) => (text.length > SHOWN_CAPTION ? `${text.slice(0, SHOWN_CAPTION)}…` : text);

function badge({ state }) {
  const { sign, word, tone } = postState(state);
  return el('span', { class: `badge ${tone}`, 'data-role': 'state' }, el('span', { 'aria-hidden': 'true' }, `${sign} `), word);
}

function facts(post, name) {
  const { publish_at, published_at, created_at, time_zone, media, mode, privacy_level } = post;
  const when = published_at
    ? `published ${formatTime(published_at)}`
    : publish_at
      ? `for ${formatTime(publish_at, time_zone)}${time_zone ? ` (${time_zone})` : ''}`
      : `made ${formatTime(created_at)}`;
  return [
    name,
    when,
    mode === 'inbox' ? 'draft' : privacy_level && `visible to: ${privacyWord(privacy_level)}`,
    media && `${media.file_name}, ${formatBytes(media.size_bytes)}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

function progress({ id, state, progress: { bytes_uploaded, bytes_total, percent } }) {
  if (state !== 'uploading' || percent === null) return null;
  const label = `progress-${id}`;
  return el(
    'div',
    {},
    el('label', { for: label }, `${percent} % (${formatBytes(bytes_uploaded)} of ${formatBytes(bytes_total)})`),
    el('progress', { id: label, max: '100', value: String(percent) }),
  );
}

/** A link only where it is one: what TikTok sends is not ours. */
function permalink({ permalink: address, state }) {
  if (!address || !/^https?:\/\//i.test(address))
    return state === 'published'
      ? el('p', { class: 'quiet-text' }, 'TikTok gives no link: it does so for public posts, after its moderation.')
      : null;
  return el('p', {}, el('a', { href: address, target: '_blank', rel: 'noopener noreferrer', 'data-role': 'permalink' }, address));
}

/** Details whose content is read when they are opened. */
function lazy(open, key, focusKey, title, read) {
  const content = el('div', { role: 'status' });
  const details = el('details', { 'data-key': key, open: open.has(key) }, el('summary', { 'data-key': focusKey }, title), content);
  const fill = async () => {
    if (!details.open) return;
    if (!content.hasChildNodes()) content.textContent = 'Reading…';
    try {
      content.replaceChildren(await read());
    } catch (error) {
      content.textContent = error.message;
    }
  };
  details.addEventListener('toggle', fill);
  return details;
}

async function readTimeline({ id, time_zone }) {
  const { timeline } = await api.get(`/api/posts/${id}`);
  return el(
    'ol',
    { class: 'timeline' },
    ...timeline.map(({ at, kind, detail }) =>
      el('li', {}, el('time', { datetime: at }, formatTime(at, time_zone)), ` ${timelineWord(kind)}`, detail && `: ${detail}`),
    ),
  );
}

/** The newest numbers; a draft may have become several videos, whose numbers are added up. */
async function readMetrics({ id }) {
  const { items, no_numbers_because } = await api.get(`/api/posts/${id}/metrics?interval=day`);
  const newest = [...new Map(items.map((item) => [item.video_id, item])).values()];
  if (newest.length === 0)
    return el('p', {}, no_numbers_because ?? 'TikTok has given no numbers yet: the first come within minutes, for public posts.');
  const total = (name) => formatNumber(newest.reduce((sum, { totals }) => sum + totals[name], 0));
  const rows = [
    ['Views', total('view_count')],
    ['Likes', total('like_count')],
    ['Comments', total('comment_count')],
    ['Shares', total('share_count')],
  ];
  const at = newest
    .map(({ sampled_at }) => sampled_at)
    .sort()
    .at(-1);
  return el(
    'div',
    {},
    el('dl', { class: 'numbers' }, ...rows.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))),
    el('p', { class: 'quiet-text' }, `As of ${formatTime(at)}.`, no_numbers_because && ` ${no_numbers_because}`),
  );
}
