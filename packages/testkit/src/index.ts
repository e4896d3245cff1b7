export { type Authority, createAuthority } from './authority.ts';
export { aCiJob, anEgg, anEggConfig, aRunner } from './builders.ts';
export { cpuMsOf, type Growth, measureGrowth } from './cpu-time.ts';
export { type FailurePlan, withFailures } from './failures.ts';
export { createFakeClock, type FakeClock } from './fake-clock.ts';
export { runs } from './runs.ts';
export { createSeededIds } from './seeded-ids.ts';
