import { z } from '@hono/zod-openapi';
import { WORKSPACE_ROLES } from '../../domain/permissions.ts';
import { PLAN_LIMITS, PLAN_TIERS } from '../../domain/plans.ts';
import type { MemberRow } from '../../db/membership.repository.ts';
import type { WorkspaceWithRole } from '../../db/workspace.repository.ts';
import { EXAMPLE_ID, id, timestamp } from './common.ts';
import { uuid } from './uuid.ts';

const role = z.enum(WORKSPACE_ROLES).openapi({ example: 'admin' });
const planTier = z.enum(PLAN_TIERS).openapi({ example: 'free', description: 'Decides the limits; not changed through the API.' });
const name = z.string().trim().min(1).max(100).openapi({ example: 'Evening show' });
const description = z.string().trim().max(2_000).nullable().openapi({ example: 'Lamps and sounds of the evening LIVE' });

export const workspaceSchema = z
  .object({
    id,
    name,
    description,
    plan_tier: planTier,
    is_personal: z.boolean().openapi({ example: false }),
    role: role.openapi({ description: 'Yours in it.' }),
    limits: z.object({
      simultaneous_livestreams: z.int().openapi({ example: PLAN_LIMITS.free.simultaneous_livestreams }),
      active_rules: z.int().openapi({ example: PLAN_LIMITS.free.active_rules }),
      event_retention_days: z.int().openapi({ example: PLAN_LIMITS.free.event_retention_days }),
    }),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi('Workspace');

export const workspaceBody = z.object({ name, description: description.default(null) }).openapi('WorkspaceInput');
export const workspaceChange = z
  .strictObject({ name: name.optional(), description: description.optional() })
  .refine((change) => Object.keys(change).length > 0, 'must name at least one field to change')
  .openapi('WorkspaceChange');

export const memberSchema = z
  .object({
    user_id: id,
    email: z.string().openapi({ example: 'ada@example.com' }),
    full_name: z.string().openapi({ example: 'Ada Lovelace' }),
    role,
    created_at: timestamp,
  })
  .openapi('Member');
export const memberRole = z.strictObject({ role }).openapi('MemberRole');

export const webhookSecretSchema = z
  .object({ webhook_secret: z.string().openapi({ example: 'whsec_9dX…', description: 'Key of X-Showrunner-Signature.' }) })
  .openapi('WebhookSecret');

export const memberParams = z.object({
  id: uuid().openapi({ param: { name: 'id', in: 'path' }, example: EXAMPLE_ID, description: 'Workspace.' }),
  user_id: uuid().openapi({ param: { name: 'user_id', in: 'path' }, example: EXAMPLE_ID }),
});

export const toWorkspace = ({
  created_by: _,
  created_at,
  updated_at,
  ...workspace
}: WorkspaceWithRole): z.infer<typeof workspaceSchema> => ({
  ...workspace,
  limits: PLAN_LIMITS[workspace.plan_tier],
  created_at: created_at.toISOString(),
  updated_at: updated_at.toISOString(),
});

export const toMember = ({ created_at, ...member }: MemberRow): z.infer<typeof memberSchema> => ({
  ...member,
  created_at: created_at.toISOString(),
});
