import { z } from '@hono/zod-openapi';
import { uuid } from './uuid.ts';

export const EXAMPLE_ID = '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10';
export const EXAMPLE_TIME = '2026-03-14T18:03:22.512Z';

/** Id of a row of ours. */
export const id = uuid().openapi({ example: EXAMPLE_ID });
export const timestamp = z.string().openapi({ format: 'date-time', example: EXAMPLE_TIME });

/** Path parameter `{id}`. */
export const idParam = z.object({ id: uuid().openapi({ param: { name: 'id', in: 'path' }, example: EXAMPLE_ID }) });
