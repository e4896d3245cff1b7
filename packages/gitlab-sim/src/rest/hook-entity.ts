import { alertStatus } from '../hooks/auto-disable.ts';
import type { SimContext } from '../sim-context.ts';
import { type Hook, type HookDelivery, hookTriggers } from '../state/hook.ts';
import { isoOrNull } from './entities.ts';

export function hookEntity(context: SimContext, hook: Hook) {
  return {
    id: hook.id,
    url: hook.url,
    name: hook.name ?? null,
    description: hook.description ?? null,
    created_at: isoOrNull(hook.createdAtMs),
    ...Object.fromEntries(hookTriggers.map((trigger) => [trigger, hook.triggers.has(trigger)])),
    repository_update_events: false,
    enable_ssl_verification: hook.isSslVerified,
    alert_status: alertStatus(hook, context.clock.now()),
    disabled_until: isoOrNull(hook.disabledUntilMs),
    url_variables: [],
    push_events_branch_filter: hook.pushBranchFilter,
    branch_filter_strategy: hook.branchFilterStrategy,
    custom_webhook_template: null,
    custom_headers: [...hook.customHeaders.keys()].map((key) => ({ key })),
    project_id: hook.projectId,
    token_present: hook.token !== undefined,
    signing_token_present: hook.signingToken !== undefined,
  };
}

/** One row of a hook's delivery history. */
export function hookEventEntity(delivery: HookDelivery) {
  return {
    id: delivery.id,
    url: delivery.url,
    trigger: delivery.trigger.replace(/s$/, ''),
    request_headers: delivery.headers,
    request_data: JSON.parse(delivery.body),
    response_headers: {},
    response_body: delivery.responseBody,
    execution_duration: delivery.durationMs / 1000,
    response_status: delivery.status === undefined ? 'internal error' : String(delivery.status),
  };
}
