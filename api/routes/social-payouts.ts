import { findPayoutWithName, listPayouts } from '../../db/payout.repository.ts';
import { PAYOUT_STATUSES, type PayoutDestination } from '../../domain/contracts/payout.ts';
import { createRouter, type Router } from '../context.ts';
import { decideOnPayout } from '../decide-payout.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { EXAMPLE_ID, idParam } from '../schemas/common.ts';
import { payoutDecision, payoutDetailSchema, payoutSchema, toPayoutDetail, toPayoutView } from '../schemas/payout.ts';
import { oneOrMore } from '../schemas/query.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['Social app'];

const list = apiRoute({
  method: 'get',
  path: '/social/payouts',
  access: 'social.manage',
  tags,
  summary: 'List payouts of the app’s users, newest first',
  request: {
    query: pageQuery.extend({
      status: oneOrMore(PAYOUT_STATUSES, 'Only these.').optional(),
      user_id: uuid().optional().openapi({ example: EXAMPLE_ID, description: 'Only of this user.' }),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(payoutSchema), 'One page.') },
});

const read = apiRoute({
  method: 'get',
  path: '/social/payouts/{id}',
  access: 'social.manage',
  tags,
  summary: 'Show a payout, with where it is paid to',
  request: { params: idParam },
  responses: { 200: jsonAnswer(payoutDetailSchema, 'The payout.') },
});

const decide = apiRoute({
  method: 'post',
  path: '/social/payouts/{id}/decide',
  access: 'social.manage',
  tags,
  summary: 'Decide on a payout',
  description: 'approve, and later paid or failed; or paid at once; or reject, which is all that goes before the hold time is over. Of two who decide at once the later one gets 409.',
  request: { params: idParam, body: jsonBodyOf(payoutDecision) },
  responses: { 200: jsonAnswer(payoutSchema, 'It is done.'), 202: jsonAnswer(payoutSchema, 'It is decided; no worker has carried it out yet.') },
});

/** Payouts, for those who pay them. */
export function socialPayoutRoutes(deps: ApiDeps): Router {
  const { db, secrets } = deps;
  const find = async (workspaceId: string, id: string) => {
    const row = await findPayoutWithName(db, workspaceId, id);
    if (!row) throw new ApiError('not_found', { detail: `payout ${id}` });
    return row;
  };
  return createRouter()
    .openapi(list, async (c) => {
      const { limit, cursor, status, user_id } = c.req.valid('query');
      const rows = await listPayouts(db, { workspace_id: c.get('workspace').id, user_id, statuses: status, before: idBefore(cursor), limit: limit + 1 });
      return c.json(toIdPage(rows, limit, toPayoutView), 200);
    })
    .openapi(read, async (c) => {
      const row = await find(c.get('workspace').id, c.req.valid('param').id);
      c.get('log').info({ payout_id: row.id }, 'the destination of a payout was shown');
      return c.json(toPayoutDetail(row, JSON.parse(secrets.open(row.destination)) as PayoutDestination), 200);
    })
    .openapi(decide, async (c) => {
      const { id } = c.req.valid('param');
      const workspace_id = c.get('workspace').id;
      const { username } = await find(workspace_id, id);
      const decision = { ...c.req.valid('json'), decided_by: c.get('userId') };
      const { row, isDone } = await decideOnPayout(deps, { payout_id: id, workspace_id, request_id: c.get('requestId'), decision });
      return c.json(toPayoutView({ ...row, username }), isDone ? 200 : 202);
    });
}
