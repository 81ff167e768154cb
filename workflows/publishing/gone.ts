import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { POST_GONE } from '../../domain/contracts/post.ts';

export const isGone = (error: unknown): boolean =>
  error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === POST_GONE;
