export { createDeployKeys, type DeployKeys } from './deploy-keys.ts';
export { createGit, type GitDeps } from './git.ts';
export type { GitLimits } from './limits.ts';
