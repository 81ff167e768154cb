import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { StartError } from './start-error.ts';

const ROWS_TRIED = 50;
const ROW_STEP = 100;

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

/** As bind, for UDP. */
function isFreeByUdp(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
    socket.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(false) : reject(error)));
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

/** The first port of the row that TCP or UDP has in use; null: all are free. */
async function takenInRow(first: number, count: number, host: string): Promise<number | null> {
  for (let port = first; port < first + count; port++) {
    if (!(await isFree(port, host)) || !(await isFreeByUdp(port, host))) return port;
  }
  return null;
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

/** As demandPort, for ports in a row, by TCP and UDP. @throws StartError */
export async function demandRow(variable: string, first: number, count: number, host = '127.0.0.1'): Promise<void> {
  const taken = await takenInRow(first, count, host);
  if (taken === null) return;
  throw new StartError(`Port ${taken} is in use: end what listens there, or choose others with ${variable}, which stands for ${first} to ${first + count - 1}, for example ${variable}=${taken + 1}.`);
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
  async take(name: string, preferred: number, host = '127.0.0.1'): Promise<number> {
    for (const port of [this.#ports[name], preferred, 0, 0, 0]) {
      if (port === undefined || this.#given.has(port)) continue;
      const bound = await bind(port, host);
      if (bound !== null && !this.#given.has(bound)) return this.#keep(name, bound);
    }
    throw new StartError(`No free port was found for ${name}.`);
  }

  /**
   * The first of `count` ports in a row that are free by TCP and UDP: those of last time, else the preferred ones, else later ones.
   * @throws StartError
   */
  async takeRow(name: string, preferred: number, count: number, host: string): Promise<number> {
    const later = Array.from({ length: ROWS_TRIED }, (_, index) => preferred + (index + 1) * ROW_STEP);
    for (const first of [this.#ports[name], preferred, ...later]) {
      if (first === undefined || first + count > 65_536) continue;
      if ((await takenInRow(first, count, host)) === null) return this.#keep(name, first);
    }
    throw new StartError(`No ${count} free ports in a row were found for ${name}.`);
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
