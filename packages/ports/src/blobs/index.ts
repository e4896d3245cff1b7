export type { CallOptions } from '../call.ts';
export { checkBlobKey, checkBlobPrefix } from './blob-key.ts';
export type { BlobEntry, BlobStore, BlobStreams, Blobs, StoredContent } from './blobs.ts';
export {
  asideKeyOf,
  checkChunks,
  checkContent,
  contentHashOf,
  contentKey,
  joinChunks,
  readContent,
} from './content.ts';
export { blobErrors } from './errors.ts';
