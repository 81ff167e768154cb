import { announceReady, onShutdown } from '../config/lifecycle.ts';
import { createSandbox } from './server.ts';

/** Few lines, and no logger: npm start keeps what a process prints in its log. */
const log = {
  info: (fields: object, message: string): void => void process.stdout.write(`${message} ${JSON.stringify(fields)}\n`),
  error: (fields: object, message: string): void => void process.stderr.write(`${message} ${JSON.stringify(fields, errorText)}\n`),
};
const errorText = (_: string, value: unknown): unknown => (value instanceof Error ? (value.stack ?? value.message) : value);

/** @throws where the variable is set to something that is not http or https */
function urlOf(name: 'SANDBOX_WEBHOOK_URL' | 'SANDBOX_SHOP_WEBHOOK_URL' | 'SANDBOX_SHOP_REDIRECT_URL'): string | null {
  const given = process.env[name];
  if (!given) return null;
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) throw new Error(`${name}: "${given}" is not an http or https URL.`);
  return given;
}

/** The sandbox as a process of its own: `tsx sandbox/main.ts [port]`, or SANDBOX_PORT; without both any free port. */
async function main(): Promise<void> {
  const wanted = process.argv[2] ?? process.env['SANDBOX_PORT'] ?? '0';
  const port = Number(wanted);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`SANDBOX_PORT: "${wanted}" is not a port.`);
  const host = process.env['SANDBOX_HOST'] ?? '127.0.0.1';
  const sandbox = await createSandbox({
    port,
    host,
    webhookUrl: urlOf('SANDBOX_WEBHOOK_URL'),
    shopWebhookUrl: urlOf('SANDBOX_SHOP_WEBHOOK_URL'),
    shopRedirectUrl: urlOf('SANDBOX_SHOP_REDIRECT_URL'),
  });

  onShutdown(() => sandbox.close(), { log, timeoutMs: 4_000 });
  process.stdout.write(`TikTok sandbox: ${sandbox.url}\n`);
  announceReady({ url: sandbox.url });
}

main().catch((error: unknown) => {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  process.stderr.write(taken ? 'The port of the sandbox is in use: choose another with SANDBOX_PORT.\n' : `${String(error)}\n`);
  process.exitCode = 1;
});
