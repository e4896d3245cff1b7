export { addressOf, runnerIdOf } from './addresses.ts';
export { type ComputeModule, computeModule } from './compute-module.ts';
export { createTofu, type TofuOptions } from './create-tofu.ts';
export type { HostEnvironment } from './environment.ts';
export { type FetchTofuOptions, fetchTofu } from './fetch-tool.ts';
export type { TofuFinderOptions } from './find-tool.ts';
export { defaultLimits, type TofuLimits } from './limits.ts';
export { pinnedTofu, releasePlatform, type TofuRelease } from './pinned.ts';
