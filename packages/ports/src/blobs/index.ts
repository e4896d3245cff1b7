export type { CallOptions } from '../call.ts';
export { checkBlobKey, checkBlobPrefix } from './blob-key.ts';
export type { Blobs } from './blobs.ts';
export { blobErrors } from './errors.ts';
