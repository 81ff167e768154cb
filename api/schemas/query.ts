import { z } from '@hono/zod-openapi';

/** A query parameter that takes several of `values`: `a,b`, or given several times. */
export const oneOrMore = <const T extends readonly [string, ...string[]]>(values: T, description: string) =>
  z
    .union([z.string(), z.array(z.string())])
    .transform((given) =>
      [given]
        .flat()
        .flatMap((text) => text.split(','))
        .map((text) => text.trim()),
    )
    .pipe(z.array(z.enum(values)).min(1))
    .openapi({ type: 'array', items: { type: 'string', enum: [...values] }, description, param: { style: 'form', explode: false } });

/** A moment in a query: ISO 8601 with its offset or Z. */
export const instant = (description: string) =>
  z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text))
    .openapi({ type: 'string', format: 'date-time', description, example: '2026-01-31T20:15:00Z' });

/** true or false in a query. */
export const yesOrNo = (description: string) =>
  z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .openapi({ type: 'boolean', description });

/** A date of the database as JSON has it. */
export const iso = (date: Date): string => date.toISOString();
export const isoOrNull = (date: Date | null): string | null => date?.toISOString() ?? null;
