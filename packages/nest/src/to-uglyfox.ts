import type { MarkAction, UglyFoxConfig } from '@polar-gosling/domain';
import type { UglyFoxValues } from './block-values.ts';

const actions = {
  demote_to_nadir: 'demote',
  promote_to_apex: 'promote',
  drain: 'drain',
  terminate: 'terminate',
  replace: 'replace',
} as const satisfies Record<string, MarkAction>;

/** What UglyFox goes by, from its block. */
export function toUglyFox({ pruning, policies }: UglyFoxValues): UglyFoxConfig {
  return {
    failedThreshold: pruning.failed_threshold,
    maxAgeMs: pruning.max_age,
    checkIntervalMs: pruning.check_interval,
    rules: (policies?.rule ?? []).map(({ label, condition, action }) => ({
      name: label,
      condition,
      action: actions[action],
    })),
  };
}
