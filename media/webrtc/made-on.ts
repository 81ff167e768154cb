import type { types } from 'mediasoup';
import { AppError } from '../../domain/errors.ts';

/**
 * For a producer or consumer that a transport was asked to make: mediasoup does not look whether the transport closed while the worker
 * answered, and what is made by then is closed by nobody. @throws AppError media_session_gone
 */
export function madeOn<T extends { close(): void }>(transport: Pick<types.Transport, 'closed'>, made: T): T {
  if (!transport.closed) return made;
  made.close();
  throw new AppError('media_session_gone');
}
