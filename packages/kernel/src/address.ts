/** What kind of place an IP address is. `reserved` is nowhere a server of ours can be. */
export type AddressKind = 'public' | 'private' | 'loopback' | 'link-local' | 'metadata' | 'reserved';

type Range = readonly [kind: AddressKind, prefix: string, bits: number];

/** First match wins, so the metadata services stand before the ranges they lie in. */
const ranges: readonly Range[] = [
  ['metadata', '169.254.169.254', 32],
  ['metadata', '169.254.169.253', 32],
  ['metadata', '169.254.169.123', 32],
  ['metadata', '169.254.170.2', 32],
  ['metadata', '169.254.170.23', 32],
  ['metadata', '169.254.42.42', 32],
  ['metadata', '100.100.100.200', 32],
  ['metadata', '168.63.129.16', 32],
  ['metadata', '192.0.0.192', 32],
  ['metadata', 'fd00:ec2::', 32],
  ['metadata', 'fd20:ce::254', 128],
  ['metadata', 'fe80::a9fe:a9fe', 128],
  ['loopback', '127.0.0.0', 8],
  ['loopback', '::1', 128],
  ['link-local', '169.254.0.0', 16],
  ['link-local', 'fe80::', 10],
  ['private', '10.0.0.0', 8],
  ['private', '172.16.0.0', 12],
  ['private', '192.168.0.0', 16],
  ['private', '100.64.0.0', 10],
  ['private', '198.18.0.0', 15],
  ['private', 'fc00::', 7],
  ['private', 'fec0::', 10],
  ['reserved', '0.0.0.0', 8],
  ['reserved', '192.0.0.0', 24],
  ['reserved', '192.0.2.0', 24],
  ['reserved', '198.51.100.0', 24],
  ['reserved', '203.0.113.0', 24],
  ['reserved', '224.0.0.0', 3],
  ['reserved', '::', 128],
  ['reserved', '100::', 64],
  ['reserved', '2001::', 32],
  ['reserved', '2001:db8::', 32],
  ['reserved', 'ff00::', 8],
];

/** Prefixes whose addresses carry an IPv4 one, and where: that one decides. */
const embeddings: readonly (readonly [prefix: string, bits: number, at: number])[] = [
  ['::ffff:0:0', 96, 12],
  ['::ffff:0:0:0', 96, 12],
  ['64:ff9b::', 96, 12],
  ['2002::', 16, 2],
  ['::', 96, 12],
];

/** Classifies an address in the text form of a resolver or a URL. What is no address is `reserved`. */
export function classifyAddress(address: string): AddressKind {
  const bytes = addressBytes(address);
  return bytes === undefined ? 'reserved' : classifyBytes(bytes);
}

/** Why an outgoing connection to `address` is refused; `undefined` where it may go. */
export function addressRefusal(address: string, options: { allowPrivate: boolean }): string | undefined {
  const kind = classifyAddress(address);
  if (kind === 'public') return undefined;
  if (kind === 'metadata') return `${address} is a metadata service of a cloud`;
  if (kind === 'reserved') return `${address} is no address of a server`;
  return options.allowPrivate ? undefined : `${address} is a ${kind} address, which is not allowed here`;
}

/** The bytes of an IPv4 (4) or IPv6 (16) address; `undefined` where the text is none. */
function addressBytes(address: string): readonly number[] | undefined {
  const text = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  return text.includes(':') ? bytesOfV6(text) : bytesOfV4(text);
}

function classifyBytes(bytes: readonly number[]): AddressKind {
  const found = ranges.find(([, prefix, bits]) => hasPrefix(bytes, prefix, bits));
  if (found) return found[0];
  const inner = embeddings.find(([prefix, bits]) => hasPrefix(bytes, prefix, bits));
  return inner ? classifyBytes(bytes.slice(inner[2], inner[2] + 4)) : 'public';
}

function hasPrefix(bytes: readonly number[], prefix: string, bits: number): boolean {
  const wanted = addressBytes(prefix) ?? [];
  if (wanted.length !== bytes.length) return false;
  return wanted.every((byte, index) => {
    const free = Math.min(8, Math.max(0, 8 * (index + 1) - bits));
    return byte >> free === (bytes[index] ?? 0) >> free;
  });
}

function bytesOfV4(text: string): readonly number[] | undefined {
  const parts = text.split('.');
  const isQuad = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return isQuad ? parts.map(Number) : undefined;
}

function bytesOfV6(text: string): readonly number[] | undefined {
  const quad = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = quad ? bytesOfV4(quad[2] ?? '') : [];
  if (tail === undefined) return undefined;
  const halves = (quad?.[1]?.replace(/(?<!:):$/, '') ?? text).split('::');
  const [head, rest] = halves.map(bytesOfGroups);
  if (head === undefined || halves.length > 2) return undefined;
  if (halves.length === 1) return head.length + tail.length === 16 ? [...head, ...tail] : undefined;
  if (rest === undefined) return undefined;
  const zeros = 16 - head.length - rest.length - tail.length;
  return zeros < 2 ? undefined : [...head, ...Array<number>(zeros).fill(0), ...rest, ...tail];
}

function bytesOfGroups(half: string): readonly number[] | undefined {
  const groups = half === '' ? [] : half.split(':');
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
}
