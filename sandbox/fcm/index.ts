import type { Hono } from 'hono';
import { fcmControl } from './control.ts';
import { fcmRoutes, type FcmRoutesOptions } from './routes.ts';
import { createFcmWorld } from './world.ts';

/** Firebase Cloud Messaging, and the token endpoint that it trusts. */
export interface FcmSandbox {
  routes: Hono;
  /** To be mounted under /control/fcm. */
  control: Hono;
  reset(): void;
}

export function createFcmSandbox(options: FcmRoutesOptions = { isToken: () => false }): FcmSandbox {
  const world = createFcmWorld();
  return { routes: fcmRoutes(world, options), control: fcmControl(world), reset: () => world.reset() };
}
