import { createIdSource, type IdSource } from '../rooms/ids.ts';
import { createLife, type Life } from './publishing/life.ts';
import { createOrders, type Orders } from './publishing/create-post.ts';
import { createAccounts, type Accounts } from './state/accounts.ts';
import { createClock, type Clock } from './state/clock.ts';
import { createFaults, type Faults } from './state/faults.ts';
import { createGrants, type Grants } from './state/grants.ts';
import { createJournal, type Journal } from './state/journal.ts';
import { createPosts, type Posts } from './state/posts.ts';
import { createRateLimiter, type RateLimiter } from './state/rate-limiter.ts';
import { createSettings, type SettingsDesk } from './state/settings.ts';
import { createVideos, type Videos } from './state/videos.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

/** All that the Open API half of the sandbox knows; in memory, and bounded. */
export interface World {
  readonly clock: Clock;
  readonly settings: SettingsDesk;
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly posts: Posts;
  readonly videos: Videos;
  readonly orders: Orders;
  readonly limiter: RateLimiter;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly webhooks: Webhooks;
  readonly life: Life;
  readonly ids: IdSource;
  /** Everything as at the start; nothing that waited happens any more. */
  reset(): void;
}

/** @param webhookUrl the app's callback URL; null: none until the control API sets one */
export function createWorld(webhookUrl: string | null): World {
  const clock = createClock();
  const settings = createSettings(webhookUrl);
  const ids = createIdSource(clock.now);
  const parts = {
    clock,
    settings,
    ids,
    accounts: createAccounts(),
    grants: createGrants(clock, settings),
    posts: createPosts(),
    videos: createVideos(clock, ids),
    orders: createOrders(),
    limiter: createRateLimiter(clock),
    faults: createFaults(),
    journal: createJournal(),
    webhooks: createWebhooks(clock, settings),
  };
  const world: World = {
    ...parts,
    get life() {
      return life;
    },
    reset: () => {
      for (const part of [clock, settings, parts.posts, parts.webhooks, parts.accounts, parts.grants, parts.videos, parts.orders, parts.limiter, parts.faults, parts.journal]) {
        part.reset();
      }
    },
  };
  const life = createLife(world);
  return world;
}
