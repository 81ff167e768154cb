import { createChat } from '../live/chat.js';
import { setUpPerson } from '../live/person.js';
import { reloadForNewHosts } from '../live/policy.js';
import { followStream } from '../live/stream-feed.js';
import { byId, say } from '../shared/dom.js';
import { session } from '../shared/session.js';
import { createPlayer } from './player.js';
import { statusOf, timesOf } from './wording.js';

const ON_AIR = new Set(['live', 'reconnecting']);

const streamId = location.pathname.split('/').filter(Boolean).at(-1);
/** Signed, of a private stream's link. */
const playToken = new URLSearchParams(location.search).get('token');
const video = byId('video');
let stream = null;
let state = { state: 'off', by: null, reason: null };

const player = createPlayer({
  video,
  urls: () => stream.urls,
  token: () => playToken ?? (stream.visibility === 'private' ? session.token : null),
  changed(next) {
    // The moment that media stops is when the stream's own state is worth asking for.
    if (next.state === 'reconnecting') feed.refresh();
    state = next;
    if (stream) showStatus();
  },
});
const feed = followStream({
  path: () => `/streams/${streamId}/public${playToken ? `?token=${encodeURIComponent(playToken)}` : ''}`,
  changed(row) {
    stream = row;
    show();
    // Who was refused is refused again until they sign in.
    if (ON_AIR.has(row.status) && state.state !== 'refused') player.start();
    else if (!ON_AIR.has(row.status) && state.state !== 'off') player.stop();
  },
  failed(error) {
    if (error && stream === null) showFault(error);
    else say(byId('reason'), error?.message ?? state.reason);
  },
});
const chat = createChat({
  place: byId('chat'),
  streamId,
  playToken,
  told: (part) => feed.tell(part),
  live(pushed) {
    feed.pushed = pushed;
  },
});

function show() {
  document.title = `${stream.title} · Showrunner`;
  byId('title').textContent = stream.title;
  byId('viewers').textContent = stream.viewer_count.toLocaleString('en');
  byId('audience').hidden = byId('way-field').hidden = !ON_AIR.has(stream.status);
  byId('description').textContent = stream.description ?? '';
  byId('times').textContent = timesOf(stream);
  byId('about').hidden = !stream.description && byId('times').textContent === '';
  if (stream.thumbnail_url) video.poster = stream.thumbnail_url + (playToken ? `?token=${encodeURIComponent(playToken)}` : '');
  byId('recording').hidden = !stream.vod_id;
  if (stream.vod_id) byId('recording-link').href = `/watch/vod/${stream.vod_id}${location.search}`;
  showStatus();
}

function showStatus() {
  const { state: name, text, tone } = statusOf(stream, state);
  const line = byId('status');
  line.dataset.state = name;
  line.dataset.by = state.by ?? '';
  line.className = `badge ${tone}`;
  if (line.textContent !== text) line.textContent = text;
  say(byId('reason'), name === 'live' ? null : state.reason);
  byId('unmute').hidden = name !== 'live' || !video.muted;
}

function showFault(error) {
  byId('status').dataset.state = 'fault';
  byId('status').className = 'badge bad';
  byId('status').textContent = error.status === 404 || error.status === 401 ? 'This stream is not there, or not for you' : 'The server does not answer';
  say(byId('reason'), error.message);
}

byId('unmute').addEventListener('click', () => {
  video.muted = false;
  video.play().catch(() => undefined);
});
video.addEventListener('volumechange', () => stream && showStatus());
byId('way').addEventListener('change', ({ target }) => player.prefer(target.value));
addEventListener('pagehide', () => player.stop());
// Taken out of the browser's back-and-forward memory, it goes on.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
reloadForNewHosts();
await setUpPerson((person) => {
  chat.open(person);
  if (person && stream && ON_AIR.has(stream.status)) player.start();
  feed.refresh();
});
