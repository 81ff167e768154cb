import { api } from './api.js';
import { byId, el, say } from './dom.js';
import { session } from './session.js';

/** Shows the form until somebody has signed in. `entered` is called then. */
export function setUpSignIn(entered) {
  byId('sign-in-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = event.submitter ?? event.target.querySelector('button');
    button.disabled = true;
    say(byId('sign-in-fault'), '');
    try {
      const { access_token } = await api.post('/api/auth/login', { email: byId('email').value, password: byId('password').value });
      session.begin(access_token);
      byId('password').value = '';
      await entered();
    } catch (error) {
      say(byId('sign-in-fault'), error.message);
    } finally {
      button.disabled = false;
    }
  });
}

export function showSignIn() {
  byId('sign-in').hidden = false;
  byId('email').focus();
}

/**
 * Who is signed in, and the workspace that they work in: the one chosen before, else the first.
 * `changed` is called when they choose another.
 */
export async function showPerson(changed) {
  const person = await api.get('/api/auth/me');
  const chosen = person.workspaces.find(({ id }) => id === session.workspaceId) ?? person.workspaces[0];
  if (!chosen) throw new Error('You are a member of no workspace.');
  session.enter(chosen.id);
  const picker = byId('workspace');
  picker.replaceChildren(...person.workspaces.map(({ id, name }) => el('option', { value: id, selected: id === chosen.id }, name)));
  picker.onchange = () => {
    session.enter(picker.value);
    changed(person.workspaces.find(({ id }) => id === picker.value));
  };
  byId('workspace-field').hidden = person.workspaces.length < 2;
  byId('person').textContent = person.full_name;
  byId('who').hidden = false;
  return chosen;
}
