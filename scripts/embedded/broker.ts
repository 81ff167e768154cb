import { timingSafeEqual } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { announceReady, onShutdown } from '../../config/lifecycle.ts';

/** The embedded MQTT broker, a process of its own. Retained messages and sessions live in memory: a restart forgets them. */
const port = Number(process.argv[2]);
const username = process.env.MQTT_USERNAME;
const password = process.env.MQTT_PASSWORD ?? '';

const log = {
  info: (): void => undefined,
  error: (fields: object, message: string): void => console.error(JSON.stringify({ level: 50, msg: `${message}: ${JSON.stringify(fields)}` })),
};

function matches(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const broker = await Aedes.createBroker();
if (username) {
  broker.authenticate = (_client, givenName, givenPassword, done) =>
    done(null, matches(givenName ?? '', username) && matches(givenPassword?.toString() ?? '', password));
}
const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
  broker.handle(socket);
});
onShutdown(
  () =>
    new Promise((resolve) => {
      server.close();
      broker.close(() => {
        for (const socket of sockets) socket.destroy();
        resolve();
      });
    }),
  { log, timeoutMs: 3_000 },
);
server.listen(port, '127.0.0.1', () => announceReady({ url: `mqtt://127.0.0.1:${port}` }));
