import { createChatList } from '../live/chat-list.js';
import { api } from '../shared/api.js';
import { el, say } from '../shared/dom.js';

/** So much of the chat is held ready before the picture needs it. */
const AHEAD_MS = 60_000;
/** Who jumps in sees what was said just before. */
const BEFORE_MS = 30_000;
const PAGE = '200';

/** Shows what was written in step with the video: also after somebody jumped in it. */
export function replayChat({ video, place, query, vodId }) {
  const list = createChatList({ actions: () => [] });
  const fault = el('p', { class: 'fault', hidden: true });
  place.replaceChildren(list.element, fault);
  let waiting = [];
  let next = {};
  let fetching = null;
  let shown = 0;

  const nowMs = () => video.currentTime * 1_000;
  async function fetchAhead() {
    if (fetching || next === null || (waiting.length > 0 && waiting.at(-1).at_ms > nowMs() + AHEAD_MS)) return;
    const asked = (fetching = new AbortController());
    const from = { from_ms: Math.round(Math.max(0, nowMs() - BEFORE_MS)), limit: PAGE };
    try {
      const { items, next_cursor } = await api.get(`/vod/${vodId}/chat?${query(next.cursor ? { limit: PAGE, cursor: next.cursor } : from)}`);
      if (asked.signal.aborted) return;
      waiting.push(...items);
      next = next_cursor === null ? null : { cursor: next_cursor };
      say(fault, '');
    } catch (error) {
      if (!asked.signal.aborted) say(fault, error.message);
    } finally {
      if (fetching === asked) fetching = null;
    }
  }
  function show() {
    while (waiting.length > 0 && waiting[0].at_ms <= nowMs()) list.add({ ...waiting.shift(), position: (shown += 1), deleted: false });
    void fetchAhead();
  }
  video.addEventListener('timeupdate', show);
  video.addEventListener('seeking', () => {
    fetching?.abort();
    fetching = null;
    list.clear();
    waiting = [];
    next = {};
  });
  void fetchAhead();
}
