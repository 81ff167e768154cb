import { createSandbox } from './server.ts';

/** The sandbox as a process of its own: `tsx sandbox/main.ts [port]`, or SANDBOX_PORT; without both any free port. */
async function main(): Promise<void> {
  const wanted = process.argv[2] ?? process.env['SANDBOX_PORT'] ?? '0';
  const port = Number(wanted);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`SANDBOX_PORT: "${wanted}" is not a port.`);
  const host = process.env['SANDBOX_HOST'] ?? '127.0.0.1';
  const sandbox = await createSandbox({ port, host });

  process.stdout.write(`TikTok sandbox: ${sandbox.url}\n`);
  process.send?.({ ready: true, url: sandbox.url });
  const stop = (): void => {
    void sandbox.close().then(() => {
      // The channel to the parent would keep the process alive.
      if (process.connected) process.disconnect();
    });
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // A supervisor that died leaves no sandbox behind.
  process.once('disconnect', stop);
}

main().catch((error: unknown) => {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  process.stderr.write(taken ? 'The port of the sandbox is in use: choose another with SANDBOX_PORT.\n' : `${String(error)}\n`);
  process.exitCode = 1;
});
