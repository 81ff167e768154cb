import { once } from 'node:events';

/** Ends what global-setup started, and waits until it has. */
export default async function globalTeardown(): Promise<void> {
  const services = globalThis.embeddedTestServices;
  if (!services || services.exitCode !== null) return;
  const ended = once(services, 'exit');
  services.disconnect();
  await ended;
}
