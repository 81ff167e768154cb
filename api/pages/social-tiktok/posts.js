import { api } from '/pages/shared/api.js';
import { announce, byId, el, replaceKeepingFocus, say } from '/pages/shared/dom.js';
import { ask } from '/pages/shared/dialogs.js';
import { follow } from './event-stream.js';
import { postCard } from './post-card.js';
import { accountName, isMoving, postState } from './wording.js';

const PAGE_SIZE = 20;
/** Browsers open six connections to one server at most, and uploads need one. */
const MOST_STREAMS = 3;
const POLL_MS = 10_000;

/** The list of posts, kept fresh: those under way by their streams of events, the rest by asking now and then. */
export function setUpPosts({ edit }) {
  let posts = [];
  let nextCursor = null;
  let timer = null;
  /** What the message above the list is about: it goes when that succeeds. */
  let complaint = '';
  /** Grows with each stop: an answer for the workspace before is not shown in the next. */
  let stops = 0;
  const cards = new Map();
  const streams = new Map();

  async function load(cursor = null) {
    const began = stops;
    try {
      const page = await api.get(`/api/posts?limit=${PAGE_SIZE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
      if (began !== stops) return;
      const items = page.items.map(newest);
      const lowest = items.at(-1)?.id ?? '';
      const older = page.next_cursor === null ? [] : posts.filter(({ id }) => id < lowest);
      const newer = cursor === null ? [] : posts.filter(({ id }) => !items.some((item) => item.id === id));
      // With older pages shown already, the place to go on from is theirs.
      if (older.length === 0) nextCursor = page.next_cursor;
      posts = [...newer, ...items, ...older];
      if (complaint === 'load') complain('', '');
    } catch (error) {
      complain('load', error.message);
    }
    show();
  }

  /** A stream may have told more of a post by now than a list that was asked for before. */
  function newest(item) {
    const known = posts.find(({ id }) => id === item.id);
    return known && known.updated_at > item.updated_at ? known : item;
  }

  function complain(about, text) {
    complaint = about;
    say(byId('posts-fault'), text);
  }

  function show() {
    for (const post of posts) {
      const text = JSON.stringify(post);
      const card = cards.get(post.id) ?? { item: el('li', { class: 'card' }), text: '' };
      cards.set(post.id, card);
      if (card.text === text) continue;
      card.text = text;
      draw(post, card);
    }
    for (const id of cards.keys()) if (!posts.some((post) => post.id === id)) cards.delete(id);
    const items = posts.map(({ id }) => cards.get(id).item);
    const list = byId('posts');
    if (items.length !== list.children.length || items.some((item, index) => item !== list.children[index]))
      replaceKeepingFocus(list, ...items);
    byId('posts-empty').hidden = posts.length > 0;
    byId('posts-more').hidden = nextCursor === null;
    followMoving();
  }

  function draw(post, { item }) {
    item.dataset.post = post.id;
    item.dataset.state = post.state;
    const open = new Set([...item.querySelectorAll('details[open]')].map((details) => details.dataset.key));
    const { state_code: code } = post;
    replaceKeepingFocus(item, ...postCard(post, { open, cancel, retry: () => retry(post, code), remove, edit: () => edit(post, take) }));
  }

  /** Takes the newer state of one post. */
  function take(post) {
    const index = posts.findIndex(({ id }) => id === post.id);
    if (index < 0) return;
    const before = posts[index];
    const { timeline, ...view } = post;
    posts[index] = { ...before, ...view };
    if (before.state !== posts[index].state) announce(`Post to ${accountName(post.social_account)}: ${postState(post.state).word}`);
    show();
  }

  function followMoving() {
    const moving = posts.filter(isMoving).slice(0, MOST_STREAMS);
    for (const [id, stream] of streams) {
      if (moving.some((post) => post.id === id)) continue;
      stream.abort();
      streams.delete(id);
    }
    for (const { id } of moving) if (!streams.has(id)) followPost(id);
  }

  function followPost(id) {
    const stream = new AbortController();
    streams.set(id, stream);
    const taken = (event, data) => takeEvent(id, event, data);
    void follow(`/api/posts/${id}/events`, taken, stream.signal);
  }

  /** @returns false once nothing more can come */
  function takeEvent(id, event, data) {
    const post = posts.find((known) => known.id === id);
    if (!post) return false;
    if (event === 'end') void refresh(id);
    if (event === 'progress') {
      const { bytes_uploaded, bytes_total, percent, ...state } = data;
      take({ ...post, ...state, progress: { bytes_uploaded, bytes_total, percent } });
    }
    return event !== 'end';
  }

  async function refresh(id) {
    try {
      take(await api.get(`/api/posts/${id}`));
    } catch (error) {
      // Somebody else has removed it.
      if (error.status === 404) drop(id);
      else complain('act', error.message);
    }
  }

  function drop(id) {
    posts = posts.filter((post) => post.id !== id);
    show();
  }

  async function act(post, call) {
    try {
      complain('', '');
      take(await call());
    } catch (error) {
      complain('act', error.message);
    }
  }

  async function cancel(post) {
    const yes = await ask({
      title: 'Cancel this post?',
      text: 'It will not be published. Where TikTok is too far with it already, you are told so.',
      yes: 'Cancel the post',
    });
    if (yes) await act(post, () => api.post(`/api/posts/${post.id}/cancel`));
  }

  async function retry(post, code) {
    const doubtful = code === 'post_unconfirmed';
    const text =
      'TikTok never said what became of this post. Look at the account in the TikTok app first: where the post is there after all, trying again posts it twice.';
    if (doubtful && !(await ask({ title: 'Is it really not there?', text, yes: 'I looked, it is not there: try again', no: 'Leave it' })))
      return;
    await act(post, () => api.post(`/api/posts/${post.id}/retry`, { confirm_not_published: doubtful }));
  }

  async function remove(post) {
    const yes = await ask({ title: 'Remove it from this list?', text: 'Only here: what is on TikTok stays there.', yes: 'Remove' });
    if (!yes) return;
    try {
      await api.delete(`/api/posts/${post.id}`);
      drop(post.id);
      byId('posts-title').scrollIntoView({ block: 'nearest' });
    } catch (error) {
      complain('act', error.message);
    }
  }

  byId('posts-more').addEventListener('click', () => load(nextCursor));

  return {
    async start() {
      await load();
      timer ??= setInterval(() => document.hidden || load(), POLL_MS);
    },
    stop() {
      clearInterval(timer);
      timer = null;
      stops += 1;
      complain('', '');
      for (const stream of streams.values()) stream.abort();
      streams.clear();
      cards.clear();
      posts = [];
      nextCursor = null;
      byId('posts').replaceChildren();
    },
  };
}
