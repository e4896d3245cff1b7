export { createDeployKeys, createGit, type DeployKeys } from '@polar-gosling/adapter-git';
export { createGitlab } from '@polar-gosling/adapter-gitlab';
export { type DirectoryLock, hasImage, lockDirectory, lookAtDocker } from '@polar-gosling/adapter-local';
export {
  downloadFile,
  type FetchTofuOptions,
  fetchTofu,
  lackOfMemoryMib,
  pinnedTofu,
  type RunnerContainer,
  releasePlatform,
  type TofuRelease,
} from '@polar-gosling/adapter-tofu';
export { type RestoreResult, restoreBackup } from './backup/restore-backup.ts';
export { type BackupResult, writeBackup } from './backup/write-backup.ts';
export { checkClouds } from './clouds/check-clouds.ts';
export type { CloudsSettings } from './clouds/clouds-file.ts';
export { type OpenedClouds, readClouds } from './clouds/open-clouds.ts';
export { checkEngine, type EnginePart } from './engines/check-engines.ts';
export { type EngineSettings, embeddedEngines } from './engines/settings.ts';
export { type InstanceParts, type OpenOptions, openInstance } from './open-instance.ts';
export { type LimitsOptions, openLimits } from './open-limits.ts';
export {
  checkSecrets,
  instanceFiles,
  type OpenedSecrets,
  openLocalSecrets,
  openSecrets,
  placeOfSecret,
  type SecretsDeps,
  type SecretsSettings,
} from './open-secrets.ts';
export { isHolderGone, processHolder } from './process-holder.ts';
export { type Rotation, rotateKeyring } from './rotation/rotate-keyring.ts';
