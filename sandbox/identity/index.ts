import type { Hono } from 'hono';
import { identityControl } from './control.ts';
import { identityRoutes } from './routes.ts';
import { createIdentityWorld } from './world.ts';

/** Google, Apple and Facebook where people sign in to the social app. */
export interface IdentitySandbox {
  /** Key sets, and Facebook's debug_token. */
  routes: Hono;
  /** To be mounted under /control/identity. */
  control: Hono;
  reset(): void;
}

export function createIdentity(): IdentitySandbox {
  const world = createIdentityWorld();
  return { routes: identityRoutes(world), control: identityControl(world), reset: () => world.reset() };
}
