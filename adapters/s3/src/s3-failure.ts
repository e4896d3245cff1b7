import { isCoded } from '@polar-gosling/kernel';
import { blobErrors } from '@polar-gosling/ports/blobs';

/** What the answer to a call of the SDK was, as far as we tell failures apart. */
export type S3Outcome = 'missing' | 'exists' | 'unknown' | 'failed';

const deniedStatus = new Set([401, 403]);
/** Some services give these another status than 403. */
const deniedNames = new Set([
  'AccessDenied',
  'CredentialsProviderError',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  // versitygw, for keys it does not know
  'XAdminUserNotFound',
]);
/** By name, never by status: "404" is also said of what has nothing to do with the key. */
const missingNames = new Set(['NoSuchKey', 'ObjectParentIsFile']);

/** Missing and existing are answers, `unknown` that the service does not have what was asked; all else is a failure (`failureOf`). */
export function outcomeOf(error: unknown): S3Outcome {
  const { name, status } = factsOf(error);
  if (missingNames.has(name)) return 'missing';
  if (status === 501 || name === 'NotImplemented') return 'unknown';
  return status === 412 || name === 'PreconditionFailed' ? 'exists' : 'failed';
}

/** The coded error of a failed call; an abort and an error of ours stay what they are. */
export function failureOf(
  error: unknown,
  at: { op: string; key?: string; bucket: string; signal: AbortSignal },
): unknown {
  if (isCoded(error)) return error;
  if (at.signal.aborted) return at.signal.reason;
  const { name, status } = factsOf(error);
  const { op, bucket } = at;
  if (name === 'NoSuchBucket') return blobErrors.noBucket({ bucket }, { cause: error });
  if (name === 'ObjectParentIsFile' || name === 'ExistingObjectIsDirectory') {
    return blobErrors.badKey({ key: at.key ?? '' }, { cause: error });
  }
  if (name === 'EntityTooLarge') {
    return blobErrors.tooBig({ key: at.key ?? '', bytes: 0 }, { cause: error });
  }
  const isDenied = deniedNames.has(name) || (status !== undefined && deniedStatus.has(status));
  if (isDenied) return blobErrors.denied({ op, bucket, reason: name }, { cause: error });
  return blobErrors.unavailable({ op }, { cause: error });
}

function factsOf(error: unknown): { name: string; status: number | undefined } {
  if (!(error instanceof Error)) return { name: '', status: undefined };
  const metadata = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }) : {};
  return { name: error.name, status: metadata.httpStatusCode };
}
