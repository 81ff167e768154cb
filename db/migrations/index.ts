import type { Migration } from 'kysely';
import * as live from './0001-live.ts';
import * as publishing from './0002-publishing.ts';
import * as postRequests from './0003-post-requests.ts';
import * as shop from './0004-shop.ts';
import * as streams from './0005-streams.ts';
import * as social from './0006-social.ts';

/** In order; the key is what the database remembers, so it never changes once released. */
export const MIGRATIONS: Record<string, Migration> = {
  '0001-live': live,
  '0002-publishing': publishing,
  '0003-post-requests': postRequests,
  '0004-shop': shop,
  '0005-streams': streams,
  '0006-social': social,
};
