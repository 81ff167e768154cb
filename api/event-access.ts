import { isAllowed, permissionToSee } from '../domain/permissions.ts';
import type { RequestWorkspace } from './context.ts';

/** Whether a member may see events of this type: orders and stock are not for everybody who may see a LIVE. */
export function maySee({ role }: Pick<RequestWorkspace, 'role'>, { type }: { type: string }): boolean {
  const permission = permissionToSee(type);
  return permission === null || isAllowed(role, permission);
}
