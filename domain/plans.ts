export const PLAN_TIERS = ['free', 'pro', 'enterprise'] as const;
export type PlanTier = (typeof PLAN_TIERS)[number];

export interface PlanLimits {
  simultaneous_livestreams: number;
  active_rules: number;
  event_retention_days: number;
}

/** The one table of what a plan allows. */
export const PLAN_LIMITS: Readonly<Record<PlanTier, PlanLimits>> = {
  free: { simultaneous_livestreams: 10, active_rules: 100, event_retention_days: 30 },
  pro: { simultaneous_livestreams: 50, active_rules: 1_000, event_retention_days: 180 },
  enterprise: { simultaneous_livestreams: 500, active_rules: 10_000, event_retention_days: 730 },
};
