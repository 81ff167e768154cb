import { canPost, readAccounts, showAccounts } from './accounts.js';
import { connect, showConnection, showIdle, takeReturn } from './connection.js';
import { byId } from '/pages/shared/dom.js';
import { setUpEdit } from './post-edit.js';
import { setUpPosts } from './posts.js';
import { setUpPublishForm } from './publish-form.js';
import { session } from '/pages/shared/session.js';
import { setUpSignIn, showPerson, showSignIn } from '/pages/shared/sign-in.js';
import { accountName, returnWords } from './wording.js';

const ACCOUNTS_MS = 30_000;

const posts = setUpPosts({ edit: setUpEdit() });
const form = setUpPublishForm({ posted: () => posts.start(), failed: () => posts.start() });
let workspace = null;
let returned = takeReturn();
let timer = null;

async function refreshAccounts() {
  const accounts = await readAccounts();
  showAccounts(accounts, { role: workspace.role, changed: refreshAccounts });
  form.offer(accounts.filter(canPost));
  return accounts;
}

/** A state that changes by itself (a consent that ends) is noticed; a failed look is repeated with the next. */
const look = () => document.hidden || refreshAccounts().catch(() => undefined);

async function enter(chosen) {
  workspace = chosen;
  posts.stop();
  try {
    const accounts = await refreshAccounts();
    if (returned) showReturn(returned, accounts);
    else showIdle(accounts);
    returned = null;
    await posts.start();
  } catch (error) {
    if (session.token) showConnection('error', error.message);
  }
}

function showReturn(back, accounts) {
  const { outcome, social_account_id } = back;
  const account = accounts.find(({ id }) => id === social_account_id);
  if (outcome === 'connected') showConnection('connected', `${account ? accountName(account) : 'the account'} can be used now.`);
  else showConnection('error', returnWords(back));
}

async function showWork() {
  const chosen = await showPerson(enter);
  byId('sign-in').hidden = true;
  byId('signed-in').hidden = false;
  await enter(chosen);
  timer ??= setInterval(look, ACCOUNTS_MS);
}

function leave() {
  session.end();
  posts.stop();
  clearInterval(timer);
  timer = null;
  byId('who').hidden = true;
  byId('signed-in').hidden = true;
  showSignIn();
}

/** Still signed in, but the server does not answer: reloading the page tries again. */
function showOutage(error) {
  byId('signed-in').hidden = false;
  showConnection('error', `${error.message} Reload the page to try again.`);
}

setUpSignIn(showWork);
byId('connect').addEventListener('click', connect);
byId('sign-out').addEventListener('click', leave);
addEventListener('signed-out', leave);
document.addEventListener('visibilitychange', () => session.token && timer && look());

if (session.token) showWork().catch((error) => session.token && showOutage(error));
else showSignIn();
