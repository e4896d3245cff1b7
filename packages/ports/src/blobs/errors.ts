import { defineErrors } from '@polar-gosling/kernel';

export const blobErrors = defineErrors('BLOB', {
  badKey: {
    message: (p: { key: string }) => `"${p.key}" is no blob key`,
    http: 400,
    retry: 'never',
    isPoison: true,
  },
  unavailable: {
    message: (p: { op: string }) => `the blob store did not answer ${p.op}`,
    http: 503,
    retry: 'backoff',
  },
  corrupt: {
    message: (p: { key: string }) => `the bytes of blob "${p.key}" are not those its checksum names`,
    http: 500,
    retry: 'never',
    isPoison: true,
  },
  tooBig: {
    message: (p: { key: string; bytes: number }) => `blob "${p.key}" is too big (${p.bytes} bytes)`,
    http: 413,
    retry: 'never',
    isPoison: true,
  },
  noBucket: {
    message: (p: { bucket: string }) => `there is no bucket "${p.bucket}"`,
    http: 503,
    retry: 'never',
  },
  denied: {
    message: (p: { op: string; bucket: string; reason: string }) =>
      `the blob store refuses ${p.op} in bucket "${p.bucket}" (${p.reason})`,
    http: 503,
    retry: 'never',
  },
  noConditionalWrites: {
    message: (p: { bucket: string }) =>
      `bucket "${p.bucket}" overwrites where it should refuse: a value cannot be written only once there`,
    http: 501,
    retry: 'never',
  },
});
