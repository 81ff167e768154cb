import { setUpPerson } from '../live/person.js';
import { api } from '../shared/api.js';
import { byId, el, say } from '../shared/dom.js';
import { formatSeconds } from '../shared/format.js';
import { session } from '../shared/session.js';
import { replayChat } from './chat-replay.js';

const vodId = location.pathname.split('/').filter(Boolean).at(-1);
const playToken = new URLSearchParams(location.search).get('token');
const video = byId('video');

/** A <video> sends no headers: who it is stands in the address. */
const query = (values = {}) => String(new URLSearchParams({ ...values, ...(playToken || session.token ? { token: playToken ?? session.token } : {}) }));

const WORDS = {
  receiving: 'The video is still being received.',
  processing: 'The video is being made ready. Load the page again in a minute.',
  incomplete: 'Parts of this recording are missing; where, is marked.',
  failed: 'There is no video:',
};

async function show() {
  try {
    const vod = await api.get(`/vod/${vodId}/public?${query()}`);
    document.title = `${vod.title} · Showrunner`;
    byId('title').textContent = vod.title;
    say(byId('status'), WORDS[vod.status] && [WORDS[vod.status], vod.status_reason].filter(Boolean).join(' '));
    showGaps(vod);
    if (vod.play_url === null) return;
    if (vod.poster_url) video.poster = `${vod.poster_url}?${query()}`;
    video.src = `${vod.play_url}?${query()}`;
    replayChat({ video, place: byId('chat'), query, vodId });
  } catch (error) {
    say(byId('status'), error.message);
  }
}

function showGaps({ gaps }) {
  const format = (iso) => new Date(iso).toLocaleTimeString('en-GB');
  const jump = (atMs) => () => {
    video.currentTime = atMs / 1_000;
  };
  byId('gaps').replaceChildren(
    ...gaps.map(({ at_ms, from, to, reason }) =>
      el('li', {}, el('button', { type: 'button', class: 'quiet', onclick: jump(at_ms) }, formatSeconds(at_ms / 1_000)), ` nothing from ${format(from)} to ${format(to)}: ${reason}`),
    ),
  );
  byId('gaps-box').hidden = gaps.length === 0;
}

await setUpPerson(show);
