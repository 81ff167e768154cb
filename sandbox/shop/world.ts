import { createClock, type Clock } from '../open-api/state/clock.ts';
import { createIdSource, type IdSource } from '../rooms/ids.ts';
import { createDocuments, type Documents } from './fulfilment/documents.ts';
import { furnishShops } from './seed.ts';
import { createApps, type Apps } from './state/apps.ts';
import { createFaults, type Faults } from './state/faults.ts';
import { createGrants, type Grants } from './state/grants.ts';
import { createJournal, type Journal } from './state/journal.ts';
import { createPager, type Pager } from './state/listing.ts';
import { createPageTokens, type PageTokens } from './state/page-tokens.ts';
import { createRateLimiter, type RateLimiter } from './state/rate-limiter.ts';
import { createSettings, type SettingsDesk } from './state/settings.ts';
import { createShops, type Shops } from './state/shops.ts';
import { createShopWebhooks, type ShopWebhooks } from './webhooks/sender.ts';

/** All that the Shop half of the sandbox knows; in memory, and bounded. */
export interface World {
  readonly clock: Clock;
  readonly settings: SettingsDesk;
  readonly apps: Apps;
  readonly shops: Shops;
  readonly grants: Grants;
  readonly limiter: RateLimiter;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly pageTokens: PageTokens;
  readonly pager: Pager;
  readonly webhooks: ShopWebhooks;
  readonly documents: Documents;
  readonly ids: IdSource;
  /** Above 0: what happens is told to nobody. */
  muted: number;
  /** Everything as at the start; nothing that waited happens any more. */
  reset(): void;
}

export interface ShopWorldOptions {
  /** The app's URL for all events; null: none until the control API sets one. */
  webhookUrl: string | null;
  /** Where consent leads to; null: the consent page shows the code. */
  redirectUrl: string | null;
}

export function createWorld(options: ShopWorldOptions): World {
  const clock = createClock();
  const settings = createSettings();
  const ids = createIdSource(clock.now);
  const apps = createApps(options);
  const grants = createGrants(clock, settings);
  const pageTokens = createPageTokens(clock);
  const world: World = {
    clock,
    settings,
    ids,
    apps,
    grants,
    pageTokens,
    shops: createShops(),
    limiter: createRateLimiter(clock),
    faults: createFaults(),
    journal: createJournal(),
    pager: createPager(pageTokens, () => settings.current.paging.token_lifetime_ms),
    webhooks: createShopWebhooks({ clock, settings, apps, grants, ids }),
    documents: createDocuments(clock),
    muted: 0,
    reset: () => {
      for (const part of [clock, settings, apps, grants, pageTokens, world.shops, world.limiter, world.faults, world.journal, world.pager, world.webhooks, world.documents]) part.reset();
      furnishShops(world);
    },
  };
  furnishShops(world);
  return world;
}

/** Runs it without a webhook, and without anything moving on by itself. */
export function quietly<T>(world: World, run: () => T): T {
  world.muted += 1;
  try {
    return run();
  } finally {
    world.muted -= 1;
  }
}
