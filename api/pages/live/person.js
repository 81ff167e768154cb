import { api } from '../shared/api.js';
import { byId } from '../shared/dom.js';
import { session } from '../shared/session.js';
import { setUpSignIn } from '../shared/sign-in.js';

/** Sign-in for pages that work without it too. `changed` is called with the person, or null, at the start and after each change. */
export function setUpPerson(changed) {
  const show = async () => {
    const person = session.token ? await api.get('/api/auth/me').catch(() => null) : null;
    byId('sign-in').hidden = person !== null;
    byId('who').hidden = person === null;
    byId('person').textContent = person?.full_name ?? '';
    await changed(person);
  };
  const leave = () => {
    session.end();
    return show();
  };
  setUpSignIn(show);
  byId('sign-out').addEventListener('click', leave);
  addEventListener('signed-out', leave);
  return show();
}
