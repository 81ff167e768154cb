import { addMember, changeRole, listMembers, removeMember } from '../../db/membership.repository.ts';
import { findUserByEmail } from '../../db/user.repository.ts';
import { countInvitation } from '../attempts.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldError } from '../errors.ts';
import { idBefore, pageQuery, pageSchema, toPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { email } from '../schemas/account.ts';
import { idParam } from '../schemas/common.ts';
import { memberParams, memberRole, memberSchema, toMember } from '../schemas/workspace.ts';

const tags = ['Workspaces'];
const workspaceFrom = 'path';

const list = apiRoute({
  method: 'get',
  path: '/api/workspaces/{id}/members',
  access: 'members.view',
  workspaceFrom,
  tags,
  summary: 'List members',
  request: { params: idParam, query: pageQuery },
  responses: { 200: jsonAnswer(pageSchema(memberSchema), 'Members, oldest account first.') },
});

const add = apiRoute({
  method: 'post',
  path: '/api/workspaces/{id}/members',
  access: 'members.edit',
  workspaceFrom,
  tags,
  summary: 'Add a member',
  description: 'The person must have registered. Only an owner makes owners.',
  request: { params: idParam, body: jsonBodyOf(memberRole.extend({ email }).openapi('MemberInput')) },
  responses: { 201: jsonAnswer(memberSchema, 'The member.') },
});

const change = apiRoute({
  method: 'patch',
  path: '/api/workspaces/{id}/members/{user_id}',
  access: 'members.edit',
  workspaceFrom,
  tags,
  summary: 'Change a member’s role',
  description: 'Only an owner makes or unmakes owners; the last one stays.',
  request: { params: memberParams, body: jsonBodyOf(memberRole) },
  responses: { 200: jsonAnswer(memberSchema, 'The member.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/workspaces/{id}/members/{user_id}',
  // Everybody may leave; removing others takes members.edit, which removeMember checks under its lock.
  access: 'members.view',
  workspaceFrom,
  tags,
  summary: 'Remove a member, or leave',
  description: 'Removing others takes members.edit; everybody may remove themselves. The last owner stays.',
  request: { params: memberParams },
  responses: { 204: { description: 'Removed.' } },
});

export function memberRoutes({ db }: ApiDeps): Router {
  const routes = createRouter();

  routes.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const rows = await listMembers(db, c.get('workspace').id, limit, idBefore(cursor));
    return c.json(
      toPage(rows, limit, toMember, (row) => [row.user_id]),
      200,
    );
  });

  routes.openapi(add, async (c) => {
    await countInvitation(c);
    const { email: address, role } = c.req.valid('json');
    const user = await findUserByEmail(db, address);
    if (!user) throw fieldError('email', 'nobody has registered with this e-mail');
    const member = await addMember(db, { workspaceId: c.get('workspace').id, actorId: c.get('userId'), userId: user.id, role });
    return c.json(toMember(member), 201);
  });

  routes.openapi(change, async (c) => {
    const { user_id: userId } = c.req.valid('param');
    const { role } = c.req.valid('json');
    return c.json(toMember(await changeRole(db, { workspaceId: c.get('workspace').id, actorId: c.get('userId'), userId, role })), 200);
  });

  routes.openapi(remove, async (c) => {
    const { user_id: userId } = c.req.valid('param');
    await removeMember(db, { workspaceId: c.get('workspace').id, actorId: c.get('userId'), userId });
    return c.body(null, 204);
  });

  return routes;
}
