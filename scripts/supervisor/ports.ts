import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { StartError } from './start-error.ts';

/** Binds and frees the port: what can't be bound is in use, whoever uses it. */
function bind(port: number, host: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(null) : reject(error)));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });
}

export const isFree = async (port: number, host = '127.0.0.1'): Promise<boolean> => (await bind(port, host)) !== null;

/**
 * Checks a port that a person chose (or that is promised, as 8080).
 * @throws StartError, one line that names port and variable
 */
export async function demandPort(variable: string, port: number, host = '127.0.0.1'): Promise<void> {
  if (await isFree(port, host)) return;
  throw new StartError(`Port ${port} is in use: end what listens there, or choose another port with ${variable}, for example ${variable}=${port + 1}.`);
}

/** Remembers, in a file, which port each embedded service got, so that it is the same after a restart. */
export class PortBook {
  readonly #file: string;
  readonly #ports: Record<string, number>;
  readonly #given = new Set<number>();

  constructor(file: string) {
    this.#file = file;
    this.#ports = read(file);
  }

  /** The port of last time if it is free, else the preferred one, else any. */
  async take(name: string, preferred: number): Promise<number> {
    for (const port of [this.#ports[name], preferred, 0, 0, 0]) {
      if (port === undefined || this.#given.has(port)) continue;
      const bound = await bind(port, '127.0.0.1');
      if (bound !== null && !this.#given.has(bound)) return this.#keep(name, bound);
    }
    throw new StartError(`No free port was found for ${name}.`);
  }

  #keep(name: string, port: number): number {
    this.#given.add(port);
    this.#ports[name] = port;
    writeFileSync(this.#file, `${JSON.stringify(this.#ports, null, 2)}\n`);
    return port;
  }
}

function read(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}
