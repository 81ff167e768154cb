import { html } from 'hono/html';
import type { ConnectShopsOutcome } from '../domain/contracts/channel.ts';

type Html = ReturnType<typeof html>;

export const SHOP_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const page = (title: string, body: Html): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title} · Showrunner</title>
        <style>
          body {
            font: 16px/1.6 system-ui, sans-serif;
            max-width: 40rem;
            margin: 4rem auto;
            padding: 0 1rem;
          }
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`;

export const shopConnectedPage = ({ channels, taken }: Extract<ConnectShopsOutcome, { kind: 'connected' }>): Html =>
  page(
    'Connected',
    html`<p>These shops are connected. Their products and orders are being fetched.</p>
      <ul id="channels">
        ${channels.map(({ name, region }) => html`<li>${name} (${region})</li>`)}
      </ul>
      ${taken.length === 0
        ? ''
        : html`<p>Another workspace has these; disconnect them there first:</p>
            <ul id="taken">
              ${taken.map(({ name }) => html`<li>${name}</li>`)}
            </ul>`}`,
  );

export const shopNotConnectedPage = (what: string, reason: string): Html =>
  page('Not connected', html`<p id="what">${what}</p><p id="reason">${reason}</p>`);

export const shopStatelessPage = (): Html =>
  page(
    'One step more',
    html`<p>
      You began at TikTok, and this page can not tell to which workspace your shops belong. Sign in to Showrunner and connect the shop from there; TikTok then
      asks once more.
    </p>`,
  );
