import { api } from '/pages/shared/api.js';
import { byId } from '/pages/shared/dom.js';

const PAGE = '/crm/social/tiktok';

/** Idle → Redirect → Connected → Error, each with its sign and word. */
const STATES = {
  idle: '○ Idle',
  redirect: '→ Redirect',
  connected: '✓ Connected',
  error: '✕ Error',
};

export function showConnection(state, text) {
  const line = byId('connection');
  line.dataset.state = state;
  line.textContent = `${STATES[state]}: ${text}`;
}

export const showIdle = (accounts) =>
  showConnection('idle', accounts.length === 0 ? 'no account is connected yet.' : 'nothing is being connected.');

/** Goes to TikTok's consent page; TikTok leads back here. */
export async function connect() {
  showConnection('redirect', 'TikTok asks for your consent; you come back here afterwards.');
  try {
    const { authorize_url } = await api.get(`/api/auth/tiktok/start?redirect_to=${encodeURIComponent(PAGE)}`);
    location.assign(authorize_url);
  } catch (error) {
    showConnection('error', error.message);
  }
}

/** What the way back from TikTok says in the address, which is then cleaned; null: nobody came back. */
export function takeReturn() {
  const query = new URLSearchParams(location.search);
  const outcome = query.get('tiktok');
  if (outcome === null) return null;
  const returned = Object.fromEntries(query);
  history.replaceState(null, '', PAGE);
  return { ...returned, outcome };
}
