export type { ProxySettings } from './agents.ts';
export type { BudgetOptions, RateLimitEvent } from './budget.ts';
export { createGitlab, type Gitlab, type GitlabDeps } from './gitlab.ts';
export type { HttpLimits } from './limits.ts';
export type { Resolve } from './ssrf.ts';
