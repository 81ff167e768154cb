import { z } from '@hono/zod-openapi';
import type { UserRow } from '../../db/user.repository.ts';
import type { WorkspaceWithRole } from '../../db/workspace.repository.ts';
import { id, timestamp } from './common.ts';
import { toWorkspace, workspaceSchema } from './workspace.ts';

/** RFC 5321: no path is longer. */
const MAX_EMAIL = 254;

/** In lower case and without blanks around it, so that one mailbox is one account. */
export const email = z
  .string()
  .trim()
  .toLowerCase()
  .max(MAX_EMAIL)
  .pipe(z.email())
  .openapi({ type: 'string', format: 'email', example: 'ada@example.com' });

/** Length only, as NIST SP 800-63B asks: rules about characters make passwords worse. Normalised, so that every keyboard types the same. */
const newPassword = z
  .string()
  .min(8)
  .max(128)
  .transform((password) => password.normalize('NFKC'))
  .openapi({ type: 'string', minLength: 8, maxLength: 128, format: 'password', example: 'correct horse battery staple' });

export const registerBody = z
  .object({ email, password: newPassword, full_name: z.string().trim().min(1).max(100).openapi({ example: 'Ada Lovelace' }) })
  .openapi('Registration');

export const loginBody = z
  .object({
    email,
    password: z
      .string()
      .min(1)
      .max(128)
      .transform((password) => password.normalize('NFKC'))
      .openapi({ type: 'string', format: 'password', example: 'correct horse battery staple' }),
  })
  .openapi('Login');

export const tokenSchema = z
  .object({
    access_token: z.string().openapi({ example: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln' }),
    token_type: z.literal('bearer'),
    expires_in: z.int().openapi({ example: 86_400, description: 'Seconds.' }),
  })
  .openapi('AccessToken');

export const userSchema = z
  .object({
    id,
    email: z.string().openapi({ example: 'ada@example.com' }),
    full_name: z.string().openapi({ example: 'Ada Lovelace' }),
    created_at: timestamp,
    workspaces: z
      .array(workspaceSchema)
      .openapi({ description: 'In the order in which you came into them; the first is the default. At most 200.' }),
  })
  .openapi('User');

export const toUser = (user: UserRow, workspaces: WorkspaceWithRole[]): z.infer<typeof userSchema> => ({
  id: user.id,
  email: user.email,
  full_name: user.full_name,
  created_at: user.created_at.toISOString(),
  workspaces: workspaces.map(toWorkspace),
});
