export { createS3Blobs, type S3Access, type S3Blobs, type S3BlobsOptions } from './s3-blobs.ts';
