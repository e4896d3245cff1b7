export { createDirectoryBlobs } from './directory-blobs.ts';
export { type DirectoryLock, lockDirectory } from './directory-lock.ts';
export { beginKeyRotation, createKeyring, endKeyRotation } from './keyring.ts';
export { createLocalMachines } from './local-machines.ts';
export { createLocalSecrets } from './local-secrets.ts';
export { replaceFile } from './write-file.ts';
