import type { Router } from './context.ts';

/** Tells the document how a caller signs in. */
export function describeScheme(app: Router): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'access_token', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'access_token of POST /api/auth/login.',
  });
}

/** The API as an OpenAPI 3.1 document. */
export const openApiDocument = (app: Router, version: string) =>
  app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Showrunner',
      version,
      description:
        'Runs a TikTok business: listens to LIVEs, publishes videos, follows TikTok Shop’s orders and stock, and makes rules on all of it switch devices, call webhooks and notify.\n\n' +
        'Sign in with POST /api/auth/login and send the token as `Authorization: Bearer …`. The workspace is `X-Workspace-Id`, else your first. ' +
        'Faults are RFC 9457 problem+json with a stable `code`.',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    // Relative: wherever the page was opened from.
    servers: [{ url: '/' }],
    tags: TAGS,
  });

const TAGS = [
  { name: 'Accounts', description: 'Registering and signing in.' },
  { name: 'Workspaces', description: 'Tenants, their members and roles.' },
  { name: 'Livestreams', description: 'TikTok LIVEs that are listened to.' },
  { name: 'Events', description: 'What happened in a LIVE, stored and as it happens.' },
  { name: 'Rules', description: 'Conditions on events, and what they set off.' },
  { name: 'Executions', description: 'What rules did, and why.' },
  { name: 'Devices', description: 'What rules and people switch.' },
  { name: 'Notifications', description: 'Messages inside the app.' },
  { name: 'Analytics', description: 'How posts and accounts do.' },
  { name: 'Social accounts', description: 'TikTok accounts, connected by OAuth.' },
  { name: 'Posts', description: 'Videos and photos on their way to TikTok, and their files.' },
  { name: 'Channels', description: 'TikTok Shops, connected by their sellers’ consent.' },
  { name: 'Products', description: 'Products of TikTok Shop: TikTok’s and our copy, prices, on sale or not.' },
  { name: 'Inventory', description: 'Stock of TikTok Shop, set without overselling.' },
  { name: 'Orders', description: 'TikTok Shop orders, each followed from its placing to its end.' },
  { name: 'Shipping', description: 'Parcels of TikTok Shop orders: carriers, tracking numbers, labels.' },
  { name: 'Shop webhooks', description: 'What TikTok Shop told, and what came of it.' },
  { name: 'VOD', description: 'Videos: recordings of streams and uploads, played by range, with the chat beside them, and cut into posts.' },
  { name: 'Jobs', description: 'Longer work that a person started: how far it is, and what failed.' },
  { name: 'Messages', description: 'What other systems are told of orders and products.' },
  { name: 'Streams', description: 'Live streams of our own: their keys, encoders and viewers.' },
  { name: 'Chat', description: 'The chats of streams: messages, moderation, settings. Live over Socket.IO, see docs/chat.md.' },
  { name: 'Social app', description: 'The contract of mobile apps: POST /api/<verb>, always HTTP 200, the outcome in `code`. See docs/mobile-api.md.' },
  { name: 'System', description: 'Health, metrics and limits.' },
];
