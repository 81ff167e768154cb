import { createRandom } from '../../catalogue/random.ts';
import { BoundedMap } from '../../open-api/state/bounded-map.ts';
import type { Clock } from '../../open-api/state/clock.ts';
import type { Json } from '../../open-api/wire/json.ts';
import type { IdSource } from '../../rooms/ids.ts';
import type { Apps, ShopApp } from '../state/apps.ts';
import type { Grants } from '../state/grants.ts';
import type { SettingsDesk, ShopSettings } from '../state/settings.ts';
import type { Shop } from '../state/shops.ts';
import { webhookSignature } from '../wire/signature.ts';
import { eventTypeOf } from './event-types.ts';
import { createPost, type Outcome } from './post.ts';

const MAX_DELIVERIES = 50_000;

/** One event on its way to one app; every attempt is kept. */
export interface Delivery {
  readonly id: number;
  readonly notification_id: string;
  readonly type: number;
  readonly shop_id: string;
  readonly app_key: string;
  readonly url: string;
  /** The very bytes that are signed and sent. */
  readonly body: string;
  readonly created_ms: number;
  /** What the dice did to it. */
  readonly fate: 'as_is' | 'dropped' | 'doubled' | 'late' | 'doubled late';
  state: 'waiting' | 'delivered' | 'given_up' | 'lost';
  attempts: (Outcome & { at_ms: number })[];
}

/** https://partner.tiktokshop.com/docv2/page/tts-webhooks-overview */
export interface ShopWebhooks {
  /** @param to the apps by key; default: those that the seller has authorized */
  send(type: number, shop: Shop, data: Json, to?: readonly string[]): Delivery[];
  /** Sends what was sent before once more, byte for byte. */
  again(id: number): Delivery | null;
  deliveries(): Delivery[];
  /** Sends what waited while webhooks were paused. */
  resume(): void;
  /** The dice from their seed on. */
  reseed(): void;
  reset(): void;
}

interface Needs {
  clock: Clock;
  settings: SettingsDesk;
  apps: Apps;
  grants: Grants;
  ids: IdSource;
}

export function createShopWebhooks({ clock, settings, apps, grants, ids }: Needs): ShopWebhooks {
  const deliveries = new BoundedMap<number, Delivery>(MAX_DELIVERIES);
  const post = createPost();
  let held: Delivery[] = [];
  let lastId = 0;
  let dice = createRandom(settings.current.webhooks.seed);

  const attempt = async (delivery: Delivery, retry: number): Promise<void> => {
    const { retry_ms, compress, timeout_ms, wrong_signature } = settings.current.webhooks;
    const secret = `${apps.byKey(delivery.app_key)?.app_secret ?? ''}${wrong_signature ? '-wrong' : ''}`;
    const outcome = await post.send(delivery.url, delivery.body, webhookSignature(delivery.app_key, secret, delivery.body), timeout_ms);
    if (!outcome) return;
    delivery.attempts.push({ at_ms: clock.now(), ...outcome });
    if (outcome.status === 200) return void (delivery.state = 'delivered');
    if (delivery.state === 'delivered') return;
    const wait = retry_ms[retry];
    if (wait === undefined) return void (delivery.state = 'given_up');
    clock.at(clock.now() + wait / compress, () => void attempt(delivery, retry + 1));
  };

  const dispatch = (delivery: Delivery): void => {
    const begin = (): void => {
      for (let copy = 0; copy < (delivery.fate.startsWith('doubled') ? 2 : 1); copy++) void attempt(delivery, 0);
    };
    if (delivery.fate === 'dropped') return void (delivery.state = 'lost');
    if (!delivery.fate.endsWith('late')) return begin();
    clock.at(clock.now() + settings.current.webhooks.reorder_ms, begin);
  };
  /** Three dice for every event, whatever the settings are: the same seed drops the same events. */
  const throwDice = (): Delivery['fate'] => {
    const { drop_percent, duplicate_percent, reorder_percent } = settings.current.webhooks;
    const [drops, doubles, delays] = [dice() * 100 < drop_percent, dice() * 100 < duplicate_percent, dice() * 100 < reorder_percent];
    if (drops) return 'dropped';
    if (doubles) return delays ? 'doubled late' : 'doubled';
    return delays ? 'late' : 'as_is';
  };

  const sendTo = (app: ShopApp, url: string, type: number, shop: Shop, data: Json): Delivery => {
    const notification_id = String(ids.next());
    const delivery: Delivery = {
      id: ++lastId,
      notification_id,
      type,
      shop_id: shop.id,
      app_key: app.app_key,
      url,
      body: bodyOf(type, notification_id, shop.id, data, settings.current.webhooks),
      created_ms: clock.now(),
      fate: throwDice(),
      state: 'waiting',
      attempts: [],
    };
    deliveries.set(delivery.id, delivery);
    if (settings.current.webhooks.paused) held = [...held.slice(-MAX_DELIVERIES + 1), delivery];
    else dispatch(delivery);
    return delivery;
  };

  return {
    send: (type, shop, data, to) => {
      const sent: Delivery[] = [];
      for (const app of apps.all()) {
        if (!(to ? to.includes(app.app_key) : grants.isAuthorized(app.app_key, shop.seller))) continue;
        const url = shop.subscriptions.get(`${app.app_key}|${eventTypeOf(type) ?? ''}`)?.address ?? app.webhook_url;
        if (url !== null) sent.push(sendTo(app, url, type, shop, data));
      }
      return sent;
    },
    again: (id) => {
      const delivery = deliveries.get(id) ?? null;
      if (delivery) void attempt(delivery, Infinity);
      return delivery;
    },
    deliveries: () => [...deliveries.values()],
    resume: () => {
      const batch = held;
      held = [];
      batch.forEach(dispatch);
    },
    reseed: () => void (dice = createRandom(settings.current.webhooks.seed)),
    reset: () => {
      post.reset();
      held = [];
      deliveries.clear();
      dice = createRandom(settings.current.webhooks.seed);
    },
  };
}

/** The time is the real one, whatever the sandbox's clock says: receivers check its age. */
function bodyOf(type: number, notification_id: string, shop_id: string, data: Json, { age_s, pretty, without_notification_id }: ShopSettings['webhooks']): string {
  const timestamp = Math.floor(Date.now() / 1_000) - age_s;
  const envelope = { type, ...(without_notification_id ? {} : { tts_notification_id: notification_id }), shop_id, timestamp, data };
  const marked = JSON.stringify(envelope, (_, value: unknown) => (typeof value === 'bigint' ? `@bigint ${value}@` : value), pretty ? 2 : 0);
  return marked.replace(/"@bigint (\d+)@"/g, '$1');
}
