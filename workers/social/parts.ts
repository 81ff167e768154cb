import type { Logger } from 'pino';
import type { MediaStorage } from '../../media/storage.ts';
import type { WorkerContext } from '../context.ts';

/** What all parts of the role social share. */
export interface SocialContext {
  context: WorkerContext;
  log: Logger;
  storage: MediaStorage;
}

/** One part: its activities, and what it does beside. */
export interface SocialPart {
  activities?: object;
  /** Once the worker polls. */
  started?: () => Promise<void>;
  /** After the worker has stopped, in reverse. */
  close?: () => Promise<void>;
}
