import type { Context } from 'hono';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { AppUser } from '../../db/app-user.repository.ts';
import type { AppEnv } from '../context.ts';
import type { ApiDeps } from '../deps.ts';

/** public: nobody has to be signed in, and auth_token is a field like any other. optional: who is signed in is known. user: they must be. */
export type VerbAccess = 'public' | 'optional' | 'user';

type Caller = { public: null; optional: AppUser | null; user: AppUser };

/** What a verb is called with. */
export interface VerbCall<A extends VerbAccess = 'user'> {
  deps: ApiDeps;
  /** That of the app: in every query. */
  workspace_id: string;
  user: Caller[A];
  request_id: string;
  /** Whom a rate limit counts where nobody is signed in. */
  address: string;
  /**
   * For verbs that read the body themselves: whose the token is that they found in it, where no header had one; it is their turn then.
   * @throws ApiError unauthenticated, token_expired, rate_limited
   */
  signIn(token: string | undefined): Promise<AppUser>;
  log: Logger;
  c: Context<AppEnv>;
}

/** For docs and the contract test: what an app sends, and the `msg` that it gets. */
export interface VerbExample {
  request: Record<string, unknown>;
  msg: unknown;
}

interface VerbDraft<A extends VerbAccess, S extends z.ZodObject> {
  /** As in POST /api/<name>. */
  name: string;
  /** One line, for people. */
  summary: string;
  /** What else an app's developer must know; Markdown. */
  description?: string;
  access: A;
  /** Of the body's fields; other fields are ignored. See fields.ts: forms send everything as text. */
  input: S;
  /** How often a minute one user may call it; where nobody is signed in, one address. */
  turns_per_minute: number;
  example: VerbExample;
  /**
   * The body is multipart/form-data with a file, which `run` reads from call.c itself; input is what is documented of it. Where access is
   * user, call.user may still be null: the token may be in the body, see call.signIn.
   */
  readsBody?: boolean;
  /**
   * @returns `msg`
   * @throws ApiError, AppError: become 201, 400, 401 or 500, see answer.ts
   */
  run(call: VerbCall<A>, input: z.output<S>): Promise<unknown>;
}

export type Verb = Omit<VerbDraft<'user', z.ZodObject>, 'access' | 'run'> & { access: VerbAccess; run(call: VerbCall<VerbAccess>, input: Record<string, unknown>): Promise<unknown> };

/** Describes a verb; keeps the types of its caller and input together. */
export const defineVerb = <A extends VerbAccess, S extends z.ZodObject>(verb: VerbDraft<A, S>): Verb => verb as unknown as Verb;
