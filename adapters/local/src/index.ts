export { createDirectoryBlobs } from './directory-blobs.ts';
export { type DirectoryLock, lockDirectory } from './directory-lock.ts';
export { type BegunRotation, beginKeyRotation, endKeyRotation } from './key-rotation.ts';
export { createKeyring, type KeyringSecrets, sealedKeyId } from './keyring.ts';
export { hasImage, lookAtDocker } from './local-containers.ts';
export { createLocalMachines } from './local-machines.ts';
export { createLocalSecrets, localSecretPaths } from './local-secrets.ts';
export { replaceFile } from './write-file.ts';
