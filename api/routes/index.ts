import type { Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { authRoutes } from './auth.ts';
import { deviceRoutes } from './devices.ts';
import { docsRoutes } from './docs.ts';
import { memberRoutes } from './members.ts';
import { notificationRoutes } from './notifications.ts';
import { systemRoutes } from './system.ts';
import { workspaceRoutes } from './workspaces.ts';

/** Every group of routes; a new one is a line here. */
const GROUPS: readonly ((deps: ApiDeps) => Router)[] = [
  systemRoutes,
  authRoutes,
  workspaceRoutes,
  memberRoutes,
  deviceRoutes,
  notificationRoutes,
];

export function mountRoutes(app: Router, deps: ApiDeps): void {
  for (const group of GROUPS) app.route('/', group(deps));
  app.route('/', docsRoutes(deps, app));
}
