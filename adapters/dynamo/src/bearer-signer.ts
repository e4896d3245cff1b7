import { isCoded, type Secret } from '@polar-gosling/kernel';
import { dynamoErrors } from './errors.ts';

interface Signed {
  headers: Record<string, string>;
}

/**
 * Puts the token of a service account into a request in place of a signature: what YDB's Document API takes too. Without
 * one it fails with DYNAMO_NO_TOKEN, and nothing is sent.
 */
export function bearerSigner(token: (signal: AbortSignal) => Promise<Secret>) {
  return async <Request extends Signed>(request: Request): Promise<Request> => {
    const secret = await token(AbortSignal.timeout(tokenTimeoutMs)).catch((error: unknown) => {
      const reason = isCoded(error) ? error.message : 'it could not be had';
      throw dynamoErrors.noToken({ reason }, { cause: error });
    });
    request.headers['authorization'] = `Bearer ${secret.reveal()}`;
    return request;
  };
}

const tokenTimeoutMs = 5_000;
