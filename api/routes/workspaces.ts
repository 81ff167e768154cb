import {
  createWorkspace,
  findWebhookSecret,
  findWorkspace,
  listWorkspaces,
  replaceWebhookSecret,
  updateWorkspace,
} from '../../db/workspace.repository.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { idParam } from '../schemas/common.ts';
import { toWorkspace, webhookSecretSchema, workspaceBody, workspaceChange, workspaceSchema } from '../schemas/workspace.ts';
import { newWebhookSecret } from '../webhook-secret.ts';

const tags = ['Workspaces'];
const workspaceFrom = 'path';

const create = apiRoute({
  method: 'post',
  path: '/api/workspaces',
  access: 'signed_in',
  tags,
  summary: 'Make a workspace',
  description: 'You become its owner.',
  request: { body: jsonBodyOf(workspaceBody) },
  responses: { 201: jsonAnswer(workspaceSchema, 'The workspace.') },
});

const list = apiRoute({
  method: 'get',
  path: '/api/workspaces',
  access: 'signed_in',
  tags,
  summary: 'List your workspaces',
  request: { query: pageQuery },
  responses: { 200: jsonAnswer(pageSchema(workspaceSchema), 'Workspaces, newest first.') },
});

const read = apiRoute({
  method: 'get',
  path: '/api/workspaces/{id}',
  access: 'workspace.view',
  workspaceFrom,
  tags,
  summary: 'Read a workspace',
  request: { params: idParam },
  responses: { 200: jsonAnswer(workspaceSchema, 'The workspace.') },
});

const change = apiRoute({
  method: 'patch',
  path: '/api/workspaces/{id}',
  access: 'workspace.edit',
  workspaceFrom,
  tags,
  summary: 'Change name or description',
  request: { params: idParam, body: jsonBodyOf(workspaceChange) },
  responses: { 200: jsonAnswer(workspaceSchema, 'The workspace as it is now.') },
});

const readSecret = apiRoute({
  method: 'get',
  path: '/api/workspaces/{id}/webhook-secret',
  access: 'workspace.edit',
  workspaceFrom,
  tags,
  summary: 'Read the secret that signs webhooks',
  request: { params: idParam },
  responses: { 200: jsonAnswer(webhookSecretSchema, 'The secret.') },
});

const rotateSecret = apiRoute({
  method: 'post',
  path: '/api/workspaces/{id}/webhook-secret/rotate',
  access: 'workspace.edit',
  workspaceFrom,
  tags,
  summary: 'Replace the secret that signs webhooks',
  description: 'The old one signs nothing from then on.',
  request: { params: idParam },
  responses: { 200: jsonAnswer(webhookSecretSchema, 'The new secret.') },
});

export function workspaceRoutes({ db, config, secrets }: ApiDeps): Router {
  const routes = createRouter();

  routes.openapi(create, async (c) => {
    const workspace = await createWorkspace(db, {
      ...c.req.valid('json'),
      plan_tier: config.defaultPlanTier,
      is_personal: false,
      webhook_secret: secrets.seal(newWebhookSecret()),
      created_by: c.get('userId'),
    });
    return c.json(toWorkspace({ ...workspace, role: 'owner' }), 201);
  });

  routes.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    return c.json(toIdPage(await listWorkspaces(db, c.get('userId'), limit, idBefore(cursor)), limit, toWorkspace), 200);
  });

  routes.openapi(read, async (c) => {
    const { id, role } = c.get('workspace');
    return c.json(toWorkspace({ ...found(await findWorkspace(db, id)), role }), 200);
  });

  routes.openapi(change, async (c) => {
    const { id, role } = c.get('workspace');
    return c.json(toWorkspace({ ...found(await updateWorkspace(db, id, c.req.valid('json'))), role }), 200);
  });

  routes.openapi(readSecret, async (c) => {
    c.header('Cache-Control', 'no-store');
    return c.json({ webhook_secret: secrets.open(found(await findWebhookSecret(db, c.get('workspace').id))) }, 200);
  });

  routes.openapi(rotateSecret, async (c) => {
    const secret = newWebhookSecret();
    await replaceWebhookSecret(db, c.get('workspace').id, secrets.seal(secret));
    c.header('Cache-Control', 'no-store');
    return c.json({ webhook_secret: secret }, 200);
  });

  return routes;
}

/** It was there when the caller's membership was looked up; it may have gone since. */
function found<T>(row: T | undefined): T {
  if (row === undefined) throw new ApiError('not_found');
  return row;
}
