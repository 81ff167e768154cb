import { deleteDevice, findDevice, insertDevice, listDevices, replaceDevice, type DeviceRow } from '../../db/device.repository.ts';
import { newId } from '../../db/ids.ts';
import type { AttemptResult } from '../../domain/contracts/action.ts';
import type { DeviceConfig } from '../../domain/contracts/device.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { sealSecrets } from '../device-secrets.ts';
import { ApiError } from '../errors.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { idParam } from '../schemas/common.ts';
import { commandBody, commandOutcome, deviceBody, deviceChange, deviceSchema, idempotencyHeader, toDevice } from '../schemas/device.ts';
import { faultsOf, validationError } from '../validation.ts';

const tags = ['Devices'];
const deviceAnswer = { 200: jsonAnswer(deviceSchema, 'The device.') };

const list = apiRoute({
  method: 'get',
  path: '/api/devices',
  access: 'devices.view',
  tags,
  summary: 'List devices',
  request: { query: pageQuery },
  responses: { 200: jsonAnswer(pageSchema(deviceSchema), 'Devices, newest first.') },
});

const create = apiRoute({
  method: 'post',
  path: '/api/devices',
  access: 'devices.edit',
  tags,
  summary: 'Add a device',
  description: 'mqtt: topics and payload, from a preset or your own; http: any request. Templates: {{command}}, {{params.name}}.',
  request: { body: jsonBodyOf(deviceBody) },
  responses: { 201: jsonAnswer(deviceSchema, 'The device.') },
});

const read = apiRoute({
  method: 'get',
  path: '/api/devices/{id}',
  access: 'devices.view',
  tags,
  summary: 'Read a device, whether it is online and when it was last seen',
  request: { params: idParam },
  responses: deviceAnswer,
});

const replace = apiRoute({
  method: 'put',
  path: '/api/devices/{id}',
  access: 'devices.edit',
  tags,
  summary: 'Replace a device',
  request: { params: idParam, body: jsonBodyOf(deviceBody) },
  responses: deviceAnswer,
});

const change = apiRoute({
  method: 'patch',
  path: '/api/devices/{id}',
  access: 'devices.edit',
  tags,
  summary: 'Change a device’s name or config',
  request: { params: idParam, body: jsonBodyOf(deviceChange) },
  responses: deviceAnswer,
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/devices/{id}',
  access: 'devices.edit',
  tags,
  summary: 'Delete a device',
  description: 'Actions that still name it fail with device_not_found.',
  request: { params: idParam },
  responses: { 204: { description: 'Deleted.' } },
});

const command = apiRoute({
  method: 'post',
  path: '/api/devices/{id}/commands',
  access: 'devices.command',
  tags,
  summary: 'Send a command to a device',
  description: 'Waits for the broker, or the HTTP device, to take it. It is tried once: what fails is told and not repeated.',
  request: { params: idParam, headers: idempotencyHeader, body: jsonBodyOf(commandBody) },
  responses: { 200: jsonAnswer(commandOutcome, 'It was taken.') },
});

export function deviceRoutes({ db, secrets, temporal }: ApiDeps): Router {
  const routes = createRouter();

  const existing = async (workspaceId: string, id: string): Promise<DeviceRow> => {
    const device = await findDevice(db, workspaceId, id);
    if (!device) throw new ApiError('not_found', { detail: 'no such device' });
    return device;
  };
  const update = async (before: DeviceRow, next: DeviceConfig & { name: string }) => {
    const updated = await replaceDevice(db, before, { ...sealSecrets(next, before, secrets), name: next.name });
    if (!updated) throw new ApiError('conflict');
    return toDevice(updated);
  };

  routes.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    return c.json(toIdPage(await listDevices(db, c.get('workspace').id, limit, idBefore(cursor)), limit, toDevice), 200);
  });

  routes.openapi(create, async (c) => {
    const device = c.req.valid('json');
    const stored = await insertDevice(db, {
      ...sealSecrets(device, null, secrets),
      name: device.name,
      workspace_id: c.get('workspace').id,
    });
    return c.json(toDevice(stored), 201);
  });

  routes.openapi(read, async (c) => c.json(toDevice(await existing(c.get('workspace').id, c.req.valid('param').id)), 200));

  routes.openapi(replace, async (c) => {
    const before = await existing(c.get('workspace').id, c.req.valid('param').id);
    return c.json(await update(before, c.req.valid('json')), 200);
  });

  routes.openapi(change, async (c) => {
    const before = await existing(c.get('workspace').id, c.req.valid('param').id);
    const { name, config } = toDevice(before);
    const next = deviceBody.safeParse({ name, config, ...c.req.valid('json'), kind: before.kind });
    if (!next.success) throw validationError(faultsOf(next.error, 'body'));
    return c.json(await update(before, next.data), 200);
  });

  routes.openapi(remove, async (c) => {
    if (!(await deleteDevice(db, c.get('workspace').id, c.req.valid('param').id)))
      throw new ApiError('not_found', { detail: 'no such device' });
    return c.body(null, 204);
  });

  routes.openapi(command, async (c) => {
    const device = await existing(c.get('workspace').id, c.req.valid('param').id);
    const idempotency_key = c.req.valid('header')['Idempotency-Key'] ?? newId();
    const result = await temporal.commandDevice({
      workspace_id: device.workspace_id,
      device_id: device.id,
      ...c.req.valid('json'),
      idempotency_key,
    });
    return c.json({ outcome: 'succeeded' as const, response: succeeded(result) }, 200);
  });

  return routes;
}

/** The device's answer. @throws ApiError with the attempt's own code and words where it failed */
function succeeded(result: AttemptResult) {
  if (result.outcome === 'succeeded') return result.response;
  const code = Object.hasOwn(ERRORS, result.code) ? (result.code as ErrorCode) : 'device_unreachable';
  throw new ApiError(code, { detail: result.error });
}
