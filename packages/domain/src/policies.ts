export type MarkAction = 'drain' | 'terminate' | 'demote' | 'promote' | 'replace';

export interface PolicyRule {
  readonly name: string;
  /** Text of the rule, as in the Nest. */
  readonly condition: string;
  readonly action: MarkAction;
}

/** What UglyFox goes by: `UF/config.fly` in force. */
export interface UglyFoxConfig {
  readonly failedThreshold: number;
  readonly maxAgeMs: number;
  readonly checkIntervalMs: number;
  readonly rules: readonly PolicyRule[];
}

/** UglyFox without a `UF/config.fly`. */
export const defaultUglyFox: UglyFoxConfig = {
  failedThreshold: 3,
  maxAgeMs: 24 * 3_600_000,
  checkIntervalMs: 5 * 60_000,
  rules: [],
};
