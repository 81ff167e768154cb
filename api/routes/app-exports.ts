import { z } from '@hono/zod-openapi';
import { Readable } from 'node:stream';
import { findExport } from '../../db/app-export.repository.ts';
import { readToken } from '../../db/signed-token.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { apiRoute } from '../route.ts';
import { uuid } from '../schemas/uuid.ts';

const download = apiRoute({
  method: 'get',
  path: '/api/app-exports/{id}',
  access: 'public',
  tags: ['Social app'],
  summary: 'All data of one user of the app, as a file',
  description: 'The link comes from `exportUserData`, and is good for a while.',
  request: {
    params: z.object({ id: uuid().openapi({ param: { name: 'id', in: 'path' } }) }),
    query: z.object({ token: z.string().max(2_000).optional().openapi({ description: 'Of the link.' }) }),
  },
  responses: { 200: { description: 'A JSON document, one list for each kind of data.', content: { 'application/json': { schema: z.record(z.string(), z.unknown()).openapi({ example: { user: { username: 'ada.lovelace' }, videos: [] } }) } } } },
});

/** What the link of an export opens. */
export const appExportRoutes = ({ db, config, media }: ApiDeps): Router =>
  createRouter().openapi(download, async (c) => {
    const { id } = c.req.valid('param');
    const { token } = c.req.valid('query');
    if (!token) throw new ApiError('unauthenticated', { reason: 'missing', detail: 'open the whole link' });
    const read = await readToken('play', token, config.jwtSecret);
    if (!read.ok && read.reason === 'expired') throw new ApiError('token_expired', { reason: 'expired' });
    if (!read.ok || read.subject !== id) throw new ApiError('unauthenticated', { reason: 'invalid', detail: 'the link is not of this file' });
    const row = await findExport(db, id);
    if (!row?.storage_key || row.state !== 'ready' || row.expires_at === null || row.expires_at <= new Date()) throw new ApiError('not_found', { detail: 'the export is not there any more' });
    const stored = await media.stat(row.storage_key);
    if (!stored) throw new ApiError('media_missing');
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': String(stored.size_bytes),
      'Content-Disposition': `attachment; filename="export-${id}.json"`,
      'Cache-Control': 'no-store',
    };
    if (c.req.raw.method === 'HEAD') return c.body(null, 200, headers) as never;
    return c.body(Readable.toWeb(await media.read(row.storage_key, 0, stored.size_bytes - 1)) as ReadableStream as globalThis.ReadableStream, 200, headers) as never;
  });
