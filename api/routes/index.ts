import type { Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';

/** Every group of routes; a new one is a line here. */
const GROUPS: readonly ((deps: ApiDeps) => Router)[] = [];

export function mountRoutes(app: Router, deps: ApiDeps): void {
  for (const group of GROUPS) app.route('/', group(deps));
}
