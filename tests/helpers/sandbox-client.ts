import { createSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/server.ts';

/** What the tests read of a room's state; docs/sandbox.md has all of it. */
export interface SandboxRoomState {
  name: string;
  room_id: string;
  status: string;
  cursor: string;
  messages_logged: number;
  totals: Record<string, number>;
  connected: number;
  sockets_opened: number;
  sockets_closed: number;
  close_codes: Record<string, number>;
  cut_for_backlog: number;
  frames_sent: number;
  messages_sent: number;
  acks: number;
  acks_unknown: number;
  heartbeats: number;
  pings: number;
  sign_calls: number;
  request_counts: Record<string, number>;
  sockets: {
    frozen: boolean;
    unacked: number;
    entered_room_id: string | null;
    query: Record<string, string>;
    headers: Record<string, string>;
  }[];
  requests: { route: string; status: number; cookie: string | null; query: Record<string, string>; headers: Record<string, string> }[];
}

export interface SandboxControl {
  url: string;
  /** Calls the control API. @throws Error with the answer's text where the status is not 2xx */
  call<T = unknown>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>;
  createRoom(name: string, settings?: object): Promise<SandboxRoomState>;
  state(name: string): Promise<SandboxRoomState>;
  /** Pushes events; gives their message ids. */
  push(name: string, events: object | object[]): Promise<string[]>;
}

/** Talks to the control API of a running sandbox. */
export function sandboxControl(url: string): SandboxControl {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const init: RequestInit = { method };
    if (body !== undefined) Object.assign(init, { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    const response = await fetch(`${url}/control${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} gave ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    url,
    call,
    createRoom: (name, settings = {}) => call('POST', '/rooms', { name, ...settings }),
    state: (name) => call('GET', `/rooms/${name}`),
    push: async (name, events) => {
      const answer = await call<{ events: { msg_id: string }[] }>('POST', `/rooms/${name}/events`, events);
      return answer.events.map(({ msg_id }) => msg_id);
    },
  };
}

/** A sandbox of the test's own, with its control. */
export async function startTestSandbox(options: SandboxOptions = {}): Promise<Sandbox & { control: SandboxControl }> {
  const sandbox = await createSandbox(options);
  return { ...sandbox, control: sandboxControl(sandbox.url) };
}
