import { html } from 'hono/html';
import type { ShopApp } from '../state/apps.ts';
import type { Seller, Shop } from '../state/shops.ts';

type Html = ReturnType<typeof html>;

const page = (title: string, body: Html): Html => html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · TikTok Shop sandbox</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 32rem; padding: 0 1rem; color: #161823; }
fieldset { border: 1px solid #d0d1d3; border-radius: 8px; margin: 0 0 1rem; }
label { display: block; padding: .25rem 0; }
button { font: inherit; padding: .6rem 1.6rem; border-radius: 4px; border: 1px solid #161823; background: #fff; }
button[value=approve] { background: #fe2c55; border-color: #fe2c55; color: #fff; }
small { color: #57585f; }
</style>
</head>
<body>
${body}
</body>
</html>`;

interface Consent {
  client: ShopApp;
  state: string | null;
  sellers: readonly Seller[];
  shopsOf: (seller: Seller) => readonly Shop[];
  formAction: string;
}

/** The choice of seller stands for signing in to Seller Center. */
export const consentPage = ({ client, state, sellers, shopsOf, formAction }: Consent): Html =>
  page(
    'Authorize app',
    html`<h1>${client.app_key} wants to manage your shops</h1>
<form method="post" action="${formAction}">
<input type="hidden" name="service_id" value="${client.service_id}">
${state === null ? '' : html`<input type="hidden" name="state" value="${state}">`}
<fieldset><legend>Seller</legend>${sellers.map(
      (seller, index) => html`<label><input type="radio" name="seller" value="${seller.open_id}" ${index === 0 ? 'checked' : ''}> ${seller.name}
<small>${shopsOf(seller)
        .map(({ name }) => name)
        .join(', ')}</small></label>
`,
    )}</fieldset>
<ul>${client.scopes.map((scope) => html`<li><small>${scope}</small></li>`)}</ul>
<button id="approve" name="decision" value="approve">Authorize</button>
<button id="deny" name="decision" value="deny">Cancel</button>
</form>`,
  );

/** Where the app has no redirect URL a person copies the code. */
export const codePage = (code: string): Html => page('Authorized', html`<h1>Authorization code</h1><p><code id="code">${code}</code></p>`);

export const errorPage = (fault: string): Html => page('Something went wrong', html`<h1>Something went wrong</h1><p id="fault">${fault}</p>`);
