export type { Diagnostic } from '@polar-gosling/fly';
export { compileRule } from './compile-rule.ts';
export {
  type BucketFileOptions,
  bucketFile,
  type EggFileOptions,
  eggFile,
  type GitLabTarget,
  type PoolFileOptions,
  repoBlock,
} from './egg-file.ts';
export type {
  BuiltInOrigin,
  EffectivePool,
  EffectiveValue,
  FileOrigin,
  Origin,
  Through,
} from './explain/effective.ts';
export { type Explained, explainPool } from './explain/explain-pool.ts';
export { type JobFileOptions, jobFile } from './job-file.ts';
export { LoadMemory } from './load-memory.ts';
export type {
  FileReport,
  JobConfig,
  MotherGooseConfig,
  NestFile,
  NestOptions,
  NestRead,
  NotificationsConfig,
} from './nest-read.ts';
export { type NestTreeOptions, nestTree } from './nest-tree.ts';
export {
  type BlockWish,
  type NamedBlock,
  namedBlocks,
  type Placing,
  placeBlock,
  placeRepos,
} from './place-block.ts';
export { checkNest, environmentsOf, parseFiles, readNest } from './read-nest.ts';
