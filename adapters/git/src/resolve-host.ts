import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { addressRefusal } from '@polar-gosling/kernel';
import { gitErrors } from '@polar-gosling/ports/git';
import { bareHost } from './nest-url.ts';

/** Every address of a name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export const resolveBySystem: Resolve = async (host) => {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
};

/**
 * The address Git shall connect to, chosen and checked before it starts, so that a name cannot change its mind
 * between our check and Git's own look-up. All addresses must pass: one good one does not excuse a bad one.
 */
export async function chooseAddress(
  at: { host: string; url: string },
  options: { resolve: Resolve; allowPrivate: boolean },
): Promise<string> {
  const host = bareHost(at.host);
  const addresses = isIP(host) > 0 ? [host] : await resolveOrFail(host, at.url, options.resolve);
  for (const address of addresses) {
    const reason = addressRefusal(address, options);
    if (reason !== undefined) throw gitErrors.refusedUrl({ reason: `${host}: ${reason}` });
  }
  const [first] = addresses;
  if (first === undefined) throw gitErrors.unreachable({ url: at.url, reason: `${host} has no address` });
  return first;
}

async function resolveOrFail(host: string, url: string, resolve: Resolve): Promise<readonly string[]> {
  try {
    return await resolve(host);
  } catch (cause) {
    throw gitErrors.unreachable({ url, reason: `the name ${host} is not known` }, { cause });
  }
}
