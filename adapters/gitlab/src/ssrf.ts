import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { addressRefusal, type CodedError } from '@polar-gosling/kernel';
import { gitlabErrors } from '@polar-gosling/ports/gitlab';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Every address of a name. */
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

export const resolveBySystem: Resolve = async (host) => {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};

/**
 * The look-up of every connection: it resolves once, checks all addresses and hands exactly these to the socket, so
 * a name that answers differently the second time (DNS rebinding) gains nothing. One bad address refuses the name.
 */
export function createGuardedLookup(options: { resolve: Resolve; allowPrivate: boolean }): LookupFunction {
  return (host, lookupOptions, callback) => {
    options.resolve(host).then(
      (addresses) => {
        const refusal = refusalOf(host, addresses, options);
        const [first] = addresses;
        if (refusal) callback(refusal, '', 0);
        else if (!first) callback(notFound(host), '', 0);
        else if (lookupOptions.all) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

function refusalOf(
  host: string,
  addresses: readonly ResolvedAddress[],
  options: { allowPrivate: boolean },
): CodedError | undefined {
  const reasons = addresses.map(({ address }) => addressRefusal(address, options));
  const reason = reasons.find((candidate) => candidate !== undefined);
  return reason === undefined ? undefined : gitlabErrors.refusedUrl({ server: host, reason });
}

function notFound(host: string): CodedError {
  return gitlabErrors.unreachable({ server: host, reason: 'its name has no address' });
}
