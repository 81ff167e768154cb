import type { ErrorCode } from '../../domain/errors.ts';
import type { RunEnd } from './media-run.ts';

/** What metrics and tests hear of. */
export interface EgressObserver {
  runBegan(): void;
  runEnded(kind: RunEnd['kind']): void;
  fragment(bytes: number): void;
  segment(recorded: boolean): void;
  trouble(code: ErrorCode): void;
  storage(up: boolean): void;
}
