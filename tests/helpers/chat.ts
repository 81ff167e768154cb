import { createAdaptorServer } from '@hono/node-server';
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { createApp } from '../../api/app.ts';
import { createChatServer, type ChatLimits, type ChatServer } from '../../api/chat/server.ts';
import { createApiMetrics, type ApiMetrics } from '../../api/metrics.ts';
import type { ChatAck, ChatClientEvents, ChatMessage, ChatServerEvents, JoinedChat } from '../../domain/contracts/chat.ts';
import { seedStream as seedStoredStream } from './recordings.ts';
import type { Seeded } from './seed.ts';
import type { TestApi } from './test-api.ts';

export type ChatClient = Socket<ChatServerEvents, ChatClientEvents>;

export interface ChatProcess {
  url: string;
  server: HttpServer;
  chat: ChatServer;
  metrics: ApiMetrics;
  close(): Promise<void>;
}

export const seedStream = ({ database }: TestApi, owner: Seeded, over?: Parameters<typeof seedStoredStream>[2]): Promise<string> => seedStoredStream(database.db, owner, over);

/** One of several API processes in this one: a server on a port of its own, with its own rooms and adapter. */
export async function startChat(api: TestApi, { redisUrl = null, limits, databaseUrl = api.database.url, pool = api.deps.pool }: { redisUrl?: string | null; limits?: Partial<ChatLimits>; databaseUrl?: string; pool?: TestApi['deps']['pool'] } = {}): Promise<ChatProcess> {
  const metrics = createApiMetrics({ processMetrics: false });
  const deps = { ...api.deps, pool, metrics, config: { ...api.deps.config, streaming: { ...api.deps.config.streaming, redisUrl } } };
  const server = createAdaptorServer({ fetch: createApp(deps).fetch }) as HttpServer;
  const chat = createChatServer({ deps, databaseUrl, server, limits });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await chat.ready;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    chat,
    metrics,
    async close() {
      await chat.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What a client heard, in order. */
export class Ears {
  readonly messages: ChatMessage[] = [];
  readonly events: { name: string; told: unknown }[] = [];
  readonly client: ChatClient;

  constructor(client: ChatClient) {
    this.client = client;
    client.onAny((name: string, told: unknown) => {
      if (name === 'chat_message') this.messages.push(told as ChatMessage);
      else this.events.push({ name, told });
    });
  }

  get texts(): string[] {
    return this.messages.map(({ message }) => message);
  }

  told<T = Record<string, unknown>>(name: string): T[] {
    return this.events.filter((event) => event.name === name).map(({ told }) => told as T);
  }
}

const clients: ChatClient[] = [];

/** Connects without waiting. */
export function openChat(url: string, token: string | undefined, options: Partial<ManagerOptions & SocketOptions> = {}): ChatClient {
  const client: ChatClient = io(url, { auth: token === undefined ? {} : { token }, transports: ['websocket'], forceNew: true, reconnection: false, ...options });
  clients.push(client);
  return client;
}

export async function connectChat(url: string, token: string, options: Partial<ManagerOptions & SocketOptions> = {}): Promise<Ears> {
  const client = openChat(url, token, options);
  const ears = new Ears(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', resolve);
    client.once('connect_error', reject);
  });
  return ears;
}

/** Connects and joins. @throws where it is refused */
export async function joinChat(url: string, token: string, stream_id: string, options?: Partial<ManagerOptions & SocketOptions>): Promise<Ears & { joined: JoinedChat }> {
  const ears = await connectChat(url, token, options);
  return Object.assign(ears, { joined: okay(await ask(ears, 'join', { stream_id })) });
}

type Asked = Exclude<keyof ChatClientEvents, 'typing'>;
type Answer<E extends Asked> = Parameters<Parameters<ChatClientEvents[E]>[1]>[0];

/** Asks, and gives the answer, whatever it is. */
export const ask = <E extends Asked>({ client }: { client: ChatClient }, event: E, input: unknown): Promise<Answer<E>> =>
  (client.timeout(20_000) as unknown as { emitWithAck(event: string, input: unknown): Promise<Answer<E>> }).emitWithAck(event, input);

export const say = async (ears: Ears, stream_id: string, message: string, more: object = {}): Promise<ChatMessage> => okay(await ask(ears, 'chat_message', { stream_id, message, ...more })).message;

export function okay<T extends ChatAck>(answer: T): Extract<T, { ok: true }> {
  if (!answer.ok) throw new Error(`refused: ${JSON.stringify(answer)}`);
  return answer as Extract<T, { ok: true }>;
}

export function closeClients(): void {
  for (const client of clients.splice(0)) client.disconnect();
}
