import type { RuleAction } from './contracts/rule.ts';

/**
 * The key under which an action's concurrency, circuit breaker and retries are kept: `<kind>:<workspace>:<what>`.
 * A device is one target; webhooks share one for each origin, so that one dead host does not hold up another.
 */
export function targetOf(workspaceId: string, action: RuleAction): string {
  switch (action.action_type) {
    case 'device_control':
      return `device:${workspaceId}:${action.config.device_id}`;
    case 'webhook':
      return `webhook:${workspaceId}:${originOf(action.config.url)}`;
    case 'notification':
      return action.config.channel === 'in_app' || action.config.channel === 'email'
        ? `notification:${workspaceId}:${action.config.channel}`
        : `notification:${workspaceId}:${originOf(action.config.url)}`;
    case 'log':
      return `log:${workspaceId}:log`;
    case 'shop_inventory':
      return `shop:${workspaceId}:${action.config.channel_id}`;
  }
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'invalid';
}
