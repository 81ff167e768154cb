import { html } from 'hono/html';

interface Landing {
  version: string;
  tiktok: string;
  links: { docs: string; openapi: string; health: string; metrics: string; temporal_ui: string | null };
}

/** What a person sees who opens the API in a browser. */
export const landingPage = ({ version, tiktok, links }: Landing) =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>Showrunner</title>
        <style>
          body {
            font:
              16px/1.6 system-ui,
              sans-serif;
            max-width: 40rem;
            margin: 4rem auto;
            padding: 0 1rem;
            color: #1c1c1e;
            background: #fff;
          }
          a {
            color: #0a58ca;
          }
          @media (prefers-color-scheme: dark) {
            body {
              color: #e8e8ea;
              background: #141416;
            }
            a {
              color: #7fb2ff;
            }
          }
        </style>
      </head>
      <body>
        <h1>Showrunner ${version}</h1>
        <p>The API runs. TikTok is ${tiktok === 'sandbox' ? 'the sandbox' : 'the real one'}.</p>
        <ul>
          <li><a href="${links.docs}">API documentation</a> (<a href="${links.openapi}">OpenAPI 3.1</a>)</li>
          <li><a href="/crm/social/tiktok">TikTok accounts and posts</a></li>
          <li><a href="${links.health}">Health</a>, <a href="${links.metrics}">metrics</a></li>
          ${links.temporal_ui ? html`<li><a href="${links.temporal_ui}">Temporal</a></li>` : ''}
        </ul>
      </body>
    </html>`;
