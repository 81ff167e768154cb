import type { Context, MiddlewareHandler } from 'hono';
import { findAppAccount } from '../db/app-suspension.repository.ts';
import { findMembership, firstMembership } from '../db/membership.repository.ts';
import { readToken, signToken } from '../db/signed-token.ts';
import { isAllowed, type Permission } from '../domain/permissions.ts';
import type { AppEnv, RequestWorkspace } from './context.ts';
import type { ApiConfig, ApiDeps } from './deps.ts';
import { ApiError, fieldError } from './errors.ts';
import { uuid } from './schemas/uuid.ts';
import { takeWorkspaceTurn } from './workspace-rate.ts';

/** What a route asks of its caller: nothing, a token, or a permission in the workspace that the request is about. */
export type Access = 'public' | 'signed_in' | Permission;

export interface AccessOptions {
  access: Access;
  /** Where the workspace comes from: header (X-Workspace-Id, else the first), or the `{id}` of the path. */
  workspaceFrom?: 'header' | 'path';
  /** EventSource can't send headers: such routes also take `token` and `workspace_id` from the query. */
  credentialsInQuery?: boolean;
  /** A link can't send headers either: such routes also take `workspace_id` from the query. */
  workspaceInQuery?: boolean;
}

/** A signed access token. @param nowS epoch seconds */
export const issueToken = (userId: string, config: ApiConfig, nowS?: number): Promise<string> => signToken('access', userId, config.jwtSecret, config.jwtTtlS, nowS);

/**
 * Checks the token and, for a permission, the caller's membership; sets userId and workspace. Refuses with
 * unauthenticated or token_expired (401), account_suspended (403), not_found (404: no member there), forbidden (403: names the permission).
 */
export function authorize({ access, workspaceFrom = 'header', credentialsInQuery = false, workspaceInQuery = credentialsInQuery }: AccessOptions): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (access !== 'public') {
      const userId = await userOf(tokenOf(c, credentialsInQuery), c.get('deps'));
      c.set('userId', userId);
      c.set('log', c.get('log').child({ user_id: userId }));
      if (access !== 'signed_in') await enterWorkspace(c, userId, access, workspaceIdOf(c, workspaceFrom, workspaceInQuery));
    }
    await next();
  };
}

/** The user that a public route's caller says to be; null: they do not say. @throws ApiError where they say it wrongly */
export const signedInUser = async (c: Context<AppEnv>): Promise<string | null> =>
  c.req.header('authorization') === undefined ? null : userOf(tokenOf(c, false), c.get('deps'));

async function enterWorkspace(c: Context<AppEnv>, userId: string, permission: Permission, workspaceId: string | undefined): Promise<void> {
  const workspace = await membershipOf(c, userId, workspaceId);
  takeWorkspaceTurn(c, workspace.id);
  if (!isAllowed(workspace.role, permission)) {
    throw new ApiError('forbidden', { detail: `${permission} is needed; your role is ${workspace.role}` });
  }
  c.set('workspace', workspace);
  c.set('log', c.get('log').child({ workspace_id: workspace.id }));
}

async function membershipOf(c: Context<AppEnv>, userId: string, workspaceId: string | undefined): Promise<RequestWorkspace> {
  const { db } = c.get('deps');
  const found = workspaceId ? await findMembership(db, workspaceId, userId) : await firstMembership(db, userId);
  if (!found) throw new ApiError('not_found', { detail: workspaceId ? `no workspace ${workspaceId} of yours` : 'you are in no workspace' });
  return found;
}

function workspaceIdOf(c: Context<AppEnv>, from: 'header' | 'path', inQuery: boolean): string | undefined {
  if (from === 'path') return idOfWorkspace('id', c.req.param('id'));
  const header = c.req.header('x-workspace-id');
  const given = header ?? (inQuery ? c.req.query('workspace_id') : undefined);
  return given === undefined ? undefined : idOfWorkspace(header === undefined ? 'workspace_id' : 'X-Workspace-Id', given);
}

function idOfWorkspace(field: string, given: string | undefined): string {
  const parsed = uuid().safeParse(given);
  if (!parsed.success) throw fieldError(field, 'must be the id of a workspace');
  return parsed.data;
}

function tokenOf(c: Context<AppEnv>, inQuery: boolean): string {
  const header = c.req.header('authorization');
  const fromHeader = header === undefined ? undefined : /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (header !== undefined && !fromHeader)
    throw new ApiError('unauthenticated', { reason: 'invalid', detail: 'Authorization must be "Bearer <access_token>"' });
  const token = fromHeader ?? (inQuery ? c.req.query('token') : undefined);
  if (!token) throw new ApiError('unauthenticated', { reason: 'missing' });
  return token;
}

async function userOf(token: string, { config, db }: Pick<ApiDeps, 'config' | 'db'>): Promise<string> {
  const read = await readToken('access', token, config.jwtSecret);
  if (!read.ok && read.reason === 'expired') throw new ApiError('token_expired', { reason: 'expired' });
  if (!read.ok) throw new ApiError('unauthenticated', { reason: 'invalid', detail: 'the access token is not valid' });
  // A token of the app is one of ours too, and outlives the account.
  const account = await findAppAccount(db, read.subject);
  if (account?.deleted_at) throw new ApiError('unauthenticated', { reason: 'invalid', detail: 'this account is not there any more' });
  if (account && account.suspension_reason !== null) throw new ApiError('account_suspended', { detail: account.suspension_reason });
  return read.subject;
}
