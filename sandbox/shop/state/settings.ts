import { z } from 'zod';

const ms = z.number().int().min(0).max(315_360_000_000);
const seconds = z.number().int().min(0).max(315_360_000);
const percent = z.number().min(0).max(100);
const step = ms.nullable();

const sections = {
  consent: z.strictObject({
    /** Answers the consent page at once for this seller (open_id or name); null: a person does. */
    auto: z.strictObject({ seller: z.string().min(1).max(200), decision: z.enum(['approve', 'deny']).default('approve') }).nullable(),
    code_lifetime_ms: ms,
  }),
  tokens: z.strictObject({
    access_lifetime_s: seconds,
    refresh_lifetime_s: seconds,
    /** Each refresh gives a new refresh token, and the one that was sent is dead. */
    rotate: z.boolean(),
    /** The access token dies when the next one is given. */
    previous_access_dies: z.boolean(),
    /** HTTP status of the token host's refusals. */
    error_status: z.union([z.literal(200), z.literal(400), z.literal(401)]),
  }),
  gateway: z.strictObject({
    /** How old a timestamp may be, and how far ahead. */
    max_age_s: seconds,
    max_ahead_s: seconds,
    /** HTTP status of 105002 and 105005. */
    expired_status: z.union([z.literal(200), z.literal(401)]),
    scope_status: z.union([z.literal(200), z.literal(401), z.literal(403)]),
  }),
  limits: z.strictObject({
    /** Calls a second of one app to one endpoint of one shop; null: no limit. */
    per_second: z.number().int().min(0).max(1_000_000).nullable(),
    /** null: the header is absent. */
    retry_after_s: seconds.nullable(),
  }),
  paging: z.strictObject({
    token_lifetime_ms: ms,
    /** The last page says "" (true), or leaves next_page_token out. */
    empty_token: z.boolean(),
    /** New orders are in searches after so long. */
    visibility_ms: ms,
  }),
  products: z.strictObject({
    audit_ms: step,
    /** How audits end. */
    audit_result: z.enum(['APPROVED', 'FAILED']),
    /** false: as the page of December 2025 has it, stock of ACTIVATE products alone. */
    stock_of_any_status: z.boolean(),
    allow_zero: z.boolean(),
  }),
  /** How long an order stays in a state by itself; null: until somebody moves it. */
  life: z.strictObject({
    unpaid_ms: step,
    /** US and GB alone. */
    hold_ms: step,
    awaiting_shipment_ms: step,
    collection_ms: step,
    transit_ms: step,
    delivered_ms: step,
    /** A buyer's wish to cancel that the seller does not answer is granted. */
    cancel_answer_ms: step,
    /** How long after payment the seller has to ship. */
    ship_within_ms: ms,
  }),
  shipping: z.strictObject({
    /** First status after Mark Package As Shipped. */
    marked_status: z.enum(['AWAITING_COLLECTION', 'IN_TRANSIT']),
    /** A label can be had only so long after shipping: before that 11034023. */
    label_ms: ms,
    update_window_ms: ms,
    document_lifetime_ms: ms,
  }),
  webhooks: z.strictObject({
    /** Waits before the second, third … attempt. */
    retry_ms: z.array(ms).max(20),
    /** The waits are divided by it. */
    compress: z.number().min(1).max(1_000_000),
    timeout_ms: z.number().int().min(1).max(600_000),
    /** Of all events: never sent; sent twice; sent `reorder_ms` late. */
    drop_percent: percent,
    duplicate_percent: percent,
    reorder_percent: percent,
    reorder_ms: ms,
    /** Of the dice for these three; setting it starts them anew. */
    seed: z.number().int().min(0).max(4_294_967_295),
    wrong_signature: z.boolean(),
    /** The envelope's timestamp lies so far in the past. */
    age_s: seconds,
    paused: z.boolean(),
    /** How the documentation's own samples differ. */
    without_notification_id: z.boolean(),
    numeric_product_id: z.boolean(),
    pretty: z.boolean(),
    cancel_spelling: z.enum(['CANCEL', 'CANCELLED']),
    /** PARTIALLY_SHIPPING is no documented value of webhook 1. */
    partial: z.boolean(),
  }),
};

type Sections = typeof sections;
export type ShopSettings = { [Name in keyof Sections]: z.infer<Sections[Name]> };
const partials = Object.fromEntries(Object.entries(sections).map(([name, schema]) => [name, schema.partial().optional()])) as unknown as {
  [Name in keyof Sections]: z.ZodOptional<z.ZodType<Partial<ShopSettings[Name]>>>;
};
export const settingsPatchSchema = z.strictObject(partials);
export type SettingsPatch = z.infer<typeof settingsPatchSchema>;

const DAY_S = 86_400;
const defaults = (): ShopSettings => ({
  consent: { auto: null, code_lifetime_ms: 1_800_000 },
  tokens: { access_lifetime_s: 7 * DAY_S, refresh_lifetime_s: 365 * DAY_S, rotate: true, previous_access_dies: false, error_status: 200 },
  gateway: { max_age_s: 300, max_ahead_s: 30, expired_status: 401, scope_status: 401 },
  limits: { per_second: 50, retry_after_s: null },
  paging: { token_lifetime_ms: 3_600_000, empty_token: true, visibility_ms: 0 },
  products: { audit_ms: 2_000, audit_result: 'APPROVED', stock_of_any_status: true, allow_zero: true },
  life: {
    unpaid_ms: 2_000,
    hold_ms: 5_000,
    awaiting_shipment_ms: null,
    collection_ms: 10_000,
    transit_ms: 20_000,
    delivered_ms: 30_000,
    cancel_answer_ms: 172_800_000,
    ship_within_ms: 172_800_000,
  },
  shipping: { marked_status: 'AWAITING_COLLECTION', label_ms: 0, update_window_ms: 259_200_000, document_lifetime_ms: 86_400_000 },
  webhooks: {
    retry_ms: [120_000, 1_800_000, 10_800_000, 43_200_000],
    compress: 1,
    timeout_ms: 3_000,
    drop_percent: 0,
    duplicate_percent: 0,
    reorder_percent: 0,
    reorder_ms: 500,
    seed: 1,
    wrong_signature: false,
    age_s: 0,
    paused: false,
    without_notification_id: false,
    numeric_product_id: true,
    pretty: false,
    cancel_spelling: 'CANCEL',
    partial: true,
  },
});

export interface SettingsDesk {
  readonly current: ShopSettings;
  /** Changes what is given. */
  patch(patch: SettingsPatch): ShopSettings;
  reset(): void;
}

export function createSettings(): SettingsDesk {
  let current = defaults();
  return {
    get current() {
      return current;
    },
    patch: (patch) => {
      const merged = Object.entries(current).map(([name, section]) => [name, { ...section, ...patch[name as keyof SettingsPatch] }]);
      current = Object.fromEntries(merged) as ShopSettings;
      return current;
    },
    reset: () => void (current = defaults()),
  };
}
