import { z } from '@hono/zod-openapi';
import { countActiveLivestreams, ownLivestreams } from '../../db/livestream.repository.ts';
import { countActiveRules } from '../../db/rule.repository.ts';
import { readSignBudget } from '../../db/sign-budget.repository.ts';
import { PLAN_LIMITS, PLAN_TIERS } from '../../domain/plans.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { apiRoute, jsonAnswer } from '../route.ts';

const usage = z.object({ active: z.int(), limit: z.int() });
const count = z.int().nullable();
const time = z.iso.datetime().nullable();

const limitsSchema = z
  .object({
    plan_tier: z.enum(PLAN_TIERS),
    livestreams: usage.openapi({ description: 'Simultaneous livestreams.' }),
    rules: usage.openapi({ description: 'Active rules.' }),
    event_retention_days: z.int(),
    sign_budget: z
      .object({
        limit: count.openapi({ description: 'Calls in one window; null: not known yet.' }),
        remaining: count,
        reset_at: time.openapi({ description: 'When the allowance is full again.' }),
        blocked_until: time.openapi({ description: 'The sign service said not to ask before.' }),
        waiting: z
          .array(
            z.object({
              livestream_id: z.uuid(),
              since: z.iso.datetime(),
              place: z.int().min(1).openapi({ description: 'Place in the queue of all workspaces.' }),
            }),
          )
          .openapi({ description: 'Your livestreams that wait for their turn.' }),
        waiting_others: z.int().openapi({ description: 'How many of other workspaces wait.' }),
      })
      .openapi({ description: 'The sign service’s allowance: one for all livestreams of this installation.' }),
  })
  .openapi('Limits');

const read = apiRoute({
  method: 'get',
  path: '/api/limits',
  access: 'limits.view',
  tags: ['System'],
  summary: 'What the plan and the sign service allow, and what is used',
  responses: { 200: jsonAnswer(limitsSchema, 'The limits.') },
});

export function limitRoutes({ db, config }: ApiDeps): Router {
  return createRouter().openapi(read, async (c) => {
    const { id, plan_tier } = c.get('workspace');
    const plan = PLAN_LIMITS[plan_tier];
    const [livestreams, rules, budget] = await Promise.all([
      countActiveLivestreams(db, id),
      countActiveRules(db, id),
      readSignBudget(db, config.signLimitPerMinute ?? undefined),
    ]);
    const own = await ownLivestreams(
      db,
      id,
      budget.waiting.map(({ livestream_id }) => livestream_id),
    );
    const places = budget.waiting.map((waiter, index) => ({ ...waiter, place: index + 1 }));
    const waiting = places.filter(({ livestream_id }) => own.has(livestream_id));
    return c.json(
      {
        plan_tier,
        livestreams: { active: livestreams, limit: plan.simultaneous_livestreams },
        rules: { active: rules, limit: plan.active_rules },
        event_retention_days: plan.event_retention_days,
        sign_budget: {
          limit: budget.limit,
          remaining: budget.remaining,
          reset_at: budget.reset_at,
          blocked_until: budget.blocked_until,
          waiting,
          waiting_others: places.length - waiting.length,
        },
      },
      200,
    );
  });
}
