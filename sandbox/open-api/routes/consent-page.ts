import { html } from 'hono/html';
import type { Account } from '../state/accounts.ts';
import type { AuthorizeRequest } from './authorize-request.ts';

type Html = ReturnType<typeof html>;

const SHOWN_ACCOUNTS = 100;
const EXPLAINED: Record<string, string> = {
  'user.info.basic': 'Read your profile info (avatar, display name)',
  'user.info.profile': 'Read your additional profile info (bio, profile link, verified)',
  'user.info.stats': 'Read your profile engagement statistics',
  'video.list': 'Read your public videos on TikTok',
  'video.upload': 'Share content to your TikTok account as a draft',
  'video.publish': 'Post content to TikTok',
};

const page = (title: string, body: Html): Html => html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 32rem; padding: 0 1rem; color: #161823; }
fieldset { border: 1px solid #d0d1d3; border-radius: 8px; margin: 0 0 1rem; }
label { display: block; padding: .25rem 0; }
.accounts { max-height: 18rem; overflow: auto; }
button { font: inherit; padding: .6rem 1.6rem; border-radius: 4px; border: 1px solid #161823; background: #fff; }
button[value=approve] { background: #fe2c55; border-color: #fe2c55; color: #fff; }
small { color: #57585f; }
</style>
</head>
<body>
${body}
</body>
</html>`;

/** Who, and what: the choice of account stands for TikTok's sign-in. `request` is the query string, which the form sends back. */
export const consentPage = (request: string, { scopes }: AuthorizeRequest, accounts: readonly Account[], formAction: string): Html =>
  page(
    'Authorize · TikTok sandbox',
    html`<h1>Showrunner wants to use your TikTok account</h1>
<p><small>This is the sandbox: no real TikTok account is touched.</small></p>
<form method="post" action="${formAction}">
<input type="hidden" name="request" value="${request}">
<fieldset class="accounts"><legend>Account</legend>
${accounts.slice(0, SHOWN_ACCOUNTS).map(
  (account, index) => html`<label><input type="radio" name="username" value="${account.username}" ${index === 0 ? 'checked' : ''}> ${account.display_name} <small>@${account.username}${account.is_private ? ' · private' : ''}</small></label>
`,
)}</fieldset>
<fieldset><legend>Permissions</legend>
${scopes.map(
  (scope) => html`<label><input type="checkbox" name="scope" value="${scope}" checked> ${EXPLAINED[scope] ?? scope} <small>${scope}</small></label>
`,
)}</fieldset>
<button id="approve" name="decision" value="approve">Approve</button>
<button id="deny" name="decision" value="deny">Deny</button>
</form>`,
  );

/** TikTok shows these to the person instead of sending them back, and names the parameter only. */
export const errorPage = (field: string): Html =>
  page(
    'Something went wrong · TikTok sandbox',
    html`<h1>Something went wrong</h1>
<p>We couldn’t log in with TikTok. This may be due to specific app settings.</p>
<p>If you’re a developer, correct the following and try again:</p>
<ul><li id="field">${field}</li></ul>`,
  );
