import { api } from '/pages/shared/api.js';
import { byId, el, replaceKeepingFocus } from '/pages/shared/dom.js';
import { connect, showConnection } from './connection.js';
import { ask } from '/pages/shared/dialogs.js';
import { accountName, accountState } from './wording.js';

/** Who may end a connection; the API decides, this spares a refusal. */
const MAY_DISCONNECT = new Set(['owner', 'admin']);

export const canPost = ({ state }) => state === 'connected' || state === 'expiring';

export const readAccounts = async () => (await api.get('/api/social-accounts?limit=200')).items;

/** `changed` is called after a connection was ended. */
export function showAccounts(accounts, { role, changed }) {
  replaceKeepingFocus(byId('accounts'), ...accounts.map((account) => card(account, { role, changed })));
}

function card(account, { role, changed }) {
  const { id, state, state_reason, display_name } = account;
  const { sign, word, tone } = accountState(state);
  const name = accountName(account);
  const missing = account.missing_features;
  const wants = !canPost(account) || state === 'expiring' || missing.length > 0;
  return el(
    'li',
    { class: 'card', 'data-account': id, 'data-state': state },
    el(
      'div',
      { class: 'card-head' },
      el('h3', {}, name),
      el('span', { class: `badge ${tone}`, 'data-role': 'state' }, el('span', { 'aria-hidden': 'true' }, `${sign} `), word),
    ),
    display_name && ![name, account.username].includes(display_name) && el('p', { class: 'quiet-text' }, display_name),
    state_reason && el('p', { class: 'reason', 'data-role': 'reason' }, state_reason),
    missing.length > 0 &&
      el(
        'p',
        { class: 'reason' },
        `Not possible, since it was not allowed on TikTok’s page: ${missing.map(({ feature, scope }) => `${feature} (${scope})`).join('; ')}.`,
      ),
    el(
      'div',
      { class: 'row' },
      wants &&
        el('button', { type: 'button', 'data-key': `${id}-reconnect`, 'aria-label': `Reconnect ${name}`, onclick: connect }, 'Reconnect'),
      state !== 'disconnected' &&
        MAY_DISCONNECT.has(role) &&
        el(
          'button',
          {
            type: 'button',
            class: 'danger',
            'data-key': `${id}-disconnect`,
            'aria-label': `Disconnect ${name}`,
            onclick: () => disconnect(account, changed),
          },
          'Disconnect',
        ),
    ),
  );
}

async function disconnect(account, changed) {
  const name = accountName(account);
  const yes = await ask({
    title: `Disconnect ${name}?`,
    text: 'Posts of it that wait or are on their way are cancelled, and its tokens are removed here and at TikTok. Published posts stay, and so do their numbers.',
    yes: 'Disconnect',
  });
  if (!yes) return;
  try {
    const { revoked_at_tiktok, reason, cancelled_posts } = await api.delete(`/api/social-accounts/${account.id}`);
    const notes = [
      cancelled_posts > 0 && `Posts cancelled: ${cancelled_posts}.`,
      !revoked_at_tiktok && `TikTok did not confirm it${reason ? ` (${reason})` : ''}; the tokens are removed here all the same.`,
    ];
    showConnection('idle', [`${name} is disconnected.`, ...notes].filter(Boolean).join(' '));
    await changed();
  } catch (error) {
    showConnection('error', error.message);
  }
}
