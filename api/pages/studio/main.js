import { createChat } from '../live/chat.js';
import { setUpPerson } from '../live/person.js';
import { reloadForNewHosts } from '../live/policy.js';
import { followStream } from '../live/stream-feed.js';
import { ask } from '../shared/dialogs.js';
import { byId, say } from '../shared/dom.js';
import { listDevices, openCapture, stopCapture } from './devices.js';
import { setUpEncoderSettings } from './encoder-settings.js';
import { showFigures } from './figures.js';
import { createPublisher } from './publisher.js';
import { endpointOf, endStream, findOwnStream } from './stream-access.js';
import { publishState, streamNote } from './wording.js';

const OVER = new Set(['ending', 'ended']);

const streamId = location.pathname.split('/').filter(Boolean).at(-1);
const preview = byId('preview-video');
let stream = null;
let own = false;
/** Until it is known who is here, nobody can say with what to publish. */
let personKnown = false;
let capture = null;
let stopFigures = null;
let publishing = { state: 'off', reason: null };

const fail = (error) => say(byId('fault'), error?.message ?? '');
const publisher = createPublisher({ changed: showPublishing });
const settings = setUpEncoderSettings({ streamId, failed: fail, keyMade: (key) => (byId('key').value = key) });
const feed = followStream({
  path: () => (own ? `/streams/${streamId}` : `/streams/${streamId}/public`),
  changed(row) {
    stream = row;
    if (OVER.has(row.status) && publishing.state !== 'ended') {
      publisher.stop('ended');
      close();
    }
    show();
  },
  failed: (error) => (stream === null ? fail(error) : undefined),
});
const chat = createChat({
  place: byId('chat'),
  streamId,
  told: (part) => feed.tell(part),
  live(pushed) {
    feed.pushed = pushed;
  },
});

function show() {
  document.title = `${stream.title} · Studio · Showrunner`;
  byId('title').textContent = stream.title;
  byId('viewers').textContent = stream.viewer_count.toLocaleString('en');
  byId('watch-link').href = `/watch/${streamId}`;
  byId('encoder').hidden = !own;
  if (own) settings.show(stream);
  const running = publisher.running;
  byId('go').hidden = running || OVER.has(stream.status);
  byId('go').disabled = !personKnown;
  byId('stop').hidden = !running;
  byId('end').hidden = !own || OVER.has(stream.status);
  byId('mute').hidden = !capture || capture.getAudioTracks().length === 0;
  say(byId('reason'), publishing.reason ?? (running ? null : streamNote(stream.status)));
}

function showPublishing({ state, reason, connection }) {
  publishing = { state, reason };
  const { text, tone } = publishState(state);
  const line = byId('status');
  line.dataset.state = state;
  line.className = `badge ${tone}`;
  line.textContent = text;
  stopFigures?.();
  stopFigures = connection ? showFigures(connection) : null;
  if (stream) show();
}

const choice = () => ({
  source: document.querySelector('input[name=source]:checked').value,
  camera: byId('camera').value,
  microphone: byId('microphone').value,
});

async function open() {
  close();
  capture = await openCapture(choice());
  preview.srcObject = capture;
  setMuted(false);
  for (const track of capture.getTracks()) {
    // The sharing of a screen is ended in the browser's own bar, and a camera can be pulled out.
    track.addEventListener('ended', () => {
      publisher.stop();
      close();
    });
  }
  await listDevices();
}

function close() {
  stopCapture(capture);
  capture = null;
  preview.srcObject = null;
  if (stream) show();
}

function setMuted(muted) {
  for (const track of capture?.getAudioTracks() ?? []) track.enabled = !muted;
  byId('mute').setAttribute('aria-pressed', String(muted));
  byId('mute').textContent = muted ? 'Microphone is muted: turn it on' : 'Mute the microphone';
}

/** Runs what a button asks for, once at a time, and shows what went wrong. */
const onPress = (id, event, act) =>
  byId(id).addEventListener(event, async (happened) => {
    happened.preventDefault();
    const button = happened.submitter ?? happened.currentTarget;
    button.disabled = true;
    fail(null);
    try {
      await act();
    } catch (error) {
      fail(error);
    } finally {
      button.disabled = false;
      if (stream) show();
    }
  });

onPress('look', 'click', async () => {
  if (publisher.running) throw new Error('Stop sending first.');
  await open();
});
onPress('publish', 'submit', async () => {
  const key = byId('key').value.trim();
  if (!own && !key) throw new Error('Sign in, or enter the stream key under “More”.');
  if (!capture) await open();
  publisher.start({ stream: capture, codec: byId('codec').value, simulcast: byId('simulcast').checked, ...endpointOf({ urls: stream.urls, streamId, key: own ? '' : key }) });
});
onPress('stop', 'click', () => {
  publisher.stop();
  close();
});
onPress('mute', 'click', () => setMuted(byId('mute').getAttribute('aria-pressed') !== 'true'));
onPress('end', 'click', async () => {
  if (!(await ask({ title: 'End the stream?', text: 'It can not be opened again. Its recording is made ready.', yes: 'End the stream', no: 'Go on' }))) return;
  publisher.stop('ended');
  close();
  await endStream(streamId);
  feed.refresh();
});

navigator.mediaDevices?.addEventListener('devicechange', () => listDevices().catch(fail));
listDevices().catch(fail);
reloadForNewHosts();
await setUpPerson(async (person) => {
  own = personKnown = false;
  fail(null);
  if (person) {
    try {
      await findOwnStream(streamId, person.workspaces);
      own = true;
    } catch (error) {
      fail(error);
    }
  }
  personKnown = true;
  if (stream) show();
  chat.open(person);
  feed.refresh();
});
