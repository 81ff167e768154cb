import type { Context } from 'hono';
import { z } from 'zod';

export class ControlError extends Error {
  readonly status: 404 | 409 | 422;

  constructor(status: 404 | 409 | 422, message: string) {
    super(message);
    this.status = status;
  }
}

/** Every control route's `onError`: faults of the body are named by field. */
export function answerControlError(error: Error, c: Context): Response {
  if (error instanceof ControlError) return c.json({ error: error.message }, error.status);
  if (error instanceof z.ZodError) return c.json({ error: 'The body has faults.', faults: error.issues }, 422);
  throw error;
}

/** @returns an empty object where there is no body @throws ControlError where it is not JSON */
export async function bodyOf(c: Context): Promise<unknown> {
  const text = await c.req.text();
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ControlError(422, 'The body is not JSON.');
  }
}
