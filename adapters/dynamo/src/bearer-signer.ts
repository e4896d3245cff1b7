import type { Secret } from '@polar-gosling/kernel';

interface Signed {
  headers: Record<string, string>;
}

/** Puts the token of a service account into a request in place of a signature: what YDB's Document API takes too. */
export function bearerSigner(token: (signal: AbortSignal) => Promise<Secret>) {
  return async <Request extends Signed>(request: Request): Promise<Request> => {
    const secret = await token(AbortSignal.timeout(tokenTimeoutMs));
    request.headers['authorization'] = `Bearer ${secret.reveal()}`;
    return request;
  };
}

const tokenTimeoutMs = 5_000;
