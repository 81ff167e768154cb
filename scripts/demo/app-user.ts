import { openAsBlob } from 'node:fs';
import { StartError } from '../supervisor/start-error.ts';

const TIMEOUT_MS = 30_000;
const UPLOAD_MS = 300_000;

interface Answer {
  code: number;
  msg: unknown;
}

/** Somebody who uses the app: talks to Showrunner as the app would, by verbs. */
export class AppPerson {
  readonly apiUrl: string;
  readonly token: string;
  readonly id: string;
  readonly username: string;

  private constructor(apiUrl: string, user: { id: string; username: string; auth_token: string }) {
    this.apiUrl = apiUrl;
    this.token = user.auth_token;
    this.id = user.id;
    this.username = user.username;
  }

  /** As the sandbox start lets people in: nobody vouches for them. */
  static async signIn(apiUrl: string, first_name: string): Promise<AppPerson> {
    const social_id = `demo-${first_name.toLowerCase()}-${Date.now()}`;
    const fields = { social: 'google', social_id, auth_token: 'the demo has none', username: `${first_name.toLowerCase()}.demo`, first_name, last_name: 'Demo', email: `${first_name.toLowerCase()}@example.test` };
    const { User } = await call<{ User: { id: string; username: string; auth_token: string } }>(apiUrl, 'registerUser', fields);
    return new AppPerson(apiUrl, User);
  }

  verb = <T>(name: string, fields: Record<string, unknown> = {}): Promise<T> => call<T>(this.apiUrl, name, { ...fields, auth_token: this.token });

  async upload<T>(path: string, fields: Record<string, string>): Promise<T> {
    const form = new FormData();
    for (const [name, value] of Object.entries({ auth_token: this.token, ...fields })) form.append(name, value);
    form.append('video', await openAsBlob(path, { type: 'video/mp4' }), 'clip.mp4');
    return send<T>(this.apiUrl, 'uploadVideo', { body: form, signal: AbortSignal.timeout(UPLOAD_MS) });
  }
}

const call = <T>(apiUrl: string, name: string, fields: Record<string, unknown>): Promise<T> =>
  send<T>(apiUrl, name, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(fields), signal: AbortSignal.timeout(TIMEOUT_MS) });

/** @throws StartError in the words of the contract */
async function send<T>(apiUrl: string, name: string, init: RequestInit): Promise<T> {
  const response = await fetch(`${apiUrl}/api/${name}`, { method: 'POST', ...init });
  const { code, msg } = (await response.json()) as Answer;
  if (code !== 200) throw new StartError(`${name} was answered with ${code}: ${String(msg)}`);
  return msg as T;
}
