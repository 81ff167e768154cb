import { randomUUID } from 'node:crypto';
import type { RenderedAction } from '../../domain/contracts/action.ts';
import type { RuleAction } from '../../domain/contracts/rule.ts';
import { targetOf } from '../../domain/targets.ts';

/** A rendered action that stands in no table. */
export function renderedAction(action: RuleAction, workspace_id: string = randomUUID()): RenderedAction {
  return {
    id: randomUUID(),
    execution_id: randomUUID(),
    workspace_id,
    livestream_id: null,
    event_id: randomUUID(),
    rule_id: randomUUID(),
    target: targetOf(workspace_id, action),
    action,
    expires_at_ms: null,
    attempts: 0,
  };
}

export const never = new AbortController().signal;
