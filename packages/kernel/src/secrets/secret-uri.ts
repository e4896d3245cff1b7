const backends = ['yc-lockbox', 'aws-sm', 'vault', 'local'] as const;

export type SecretBackend = (typeof backends)[number];

/** A reference to a secret: `backend://locator/key`, or `backend://locator#key` where the key has a slash. */
export interface SecretUri {
  readonly backend: SecretBackend;
  /** Name or id of the secret in its backend; of Vault with the mount in front, unless `mount` names it. */
  readonly id: string;
  readonly key: string;
  readonly version?: string;
  /** AWS: AWSCURRENT, AWSPREVIOUS, … */
  readonly stage?: string;
  /** Lockbox: folder of a secret that is named. */
  readonly folder?: string;
  /** Vault: path of the engine. */
  readonly mount?: string;
}

export type SecretUriResult =
  | { readonly kind: 'ok'; readonly uri: SecretUri }
  | { readonly kind: 'bad'; readonly problem: string };

const segmentForm = /^[A-Za-z0-9_.@=+-]+$/;
const arnForm = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+$/;
const keyForm = /^[A-Za-z0-9_./\\@-]{1,256}$/;
const valueForm = /^[A-Za-z0-9_.@+=-]{1,256}$/;
const vaultVersionForm = /^[1-9]\d{0,9}$/;
const parametersOf: Readonly<Record<SecretBackend, readonly (keyof SecretUri)[]>> = {
  'yc-lockbox': ['version', 'folder'],
  'aws-sm': ['version', 'stage'],
  vault: ['version', 'mount'],
  local: [],
};
const longest = 2048;

/** Does the text start like a reference, so that it is none by accident? */
export function looksLikeSecretUri(text: string): boolean {
  return /^(yc-lockbox|aws-sm|vault|local):\/\//.test(text);
}

/** Takes a reference apart; says in words what is wrong with one that is none. Never shows its text. */
export function parseSecretUri(text: string): SecretUriResult {
  if (text.length > longest) return bad('it is too long');
  const match = /^([a-z-]+):\/\/([^?#]*)(\?[^#]*)?(?:#(.*))?$/s.exec(text);
  const backend = backends.find((name) => name === match?.[1]);
  if (match === null || backend === undefined) {
    return bad('it starts with yc-lockbox://, aws-sm://, vault:// or local://');
  }
  const [, , path = '', query = '', hashKey] = match;
  const slash = path.lastIndexOf('/');
  const id = hashKey === undefined ? path.slice(0, Math.max(slash, 0)) : path;
  const key = hashKey ?? path.slice(slash + 1);
  const problem = findLocatorProblem(id, backend) ?? findKeyProblem(key, hashKey !== undefined);
  if (problem !== undefined) return bad(problem);
  const parameters = parseParameters(query, backend);
  if (typeof parameters === 'string') return bad(parameters);
  const uri: SecretUri = { backend, id, key, ...parameters };
  const wrong = findParameterProblem(uri);
  return wrong === undefined ? { kind: 'ok', uri } : bad(wrong);
}

/** The one way to write a reference: `parseSecretUri` gives back the same parts. */
export function printSecretUri(uri: SecretUri): string {
  const parameters = parametersOf[uri.backend].flatMap((name) => {
    const value = uri[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
  const query = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  // Behind a `?` the key would be read as a part of it.
  const isPlain = query === '' && !/[/\\]/.test(uri.key) && !climbs(uri.key);
  return `${uri.backend}://${uri.id}${isPlain ? '/' : `${query}#`}${uri.key}`;
}

function findLocatorProblem(id: string, backend: SecretBackend): string | undefined {
  if (id === '') return 'it needs the name of the secret and, behind the last /, a key';
  if (id.startsWith('arn:')) {
    return backend === 'aws-sm' && arnForm.test(id) ? undefined : 'this is no ARN of a secret';
  }
  const segments = id.split('/');
  if (segments.some(climbs)) return 'it may not climb with . or ..';
  if (!segments.every((segment) => segmentForm.test(segment))) {
    return 'the parts between / are letters, digits and _ . @ = + -';
  }
  return undefined;
}

function findKeyProblem(key: string, mayHaveSlash: boolean): string | undefined {
  if (key === '') return 'the key is absent: it stands behind the last / or behind #';
  if (!keyForm.test(key)) return 'the key has up to 256 letters, digits and - _ . @';
  if (!mayHaveSlash && climbs(key)) return 'it may not climb with . or ..';
  return !mayHaveSlash && key.includes('\\') ? 'a key with a backslash stands behind #' : undefined;
}

function parseParameters(query: string, backend: SecretBackend): Readonly<Record<string, string>> | string {
  const found: Record<string, string> = {};
  const known: readonly string[] = parametersOf[backend];
  for (const part of query === '' ? [] : query.slice(1).split('&')) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? '' : part.slice(equals + 1);
    if (known.length === 0) return `${backend}:// takes nothing behind ?`;
    if (!known.includes(name)) return `behind ? stands only ${known.join(' or ')}`;
    if (Object.hasOwn(found, name)) return `${name} stands twice`;
    if (!isParameterValue(name, value)) return `${name} needs a value`;
    found[name] = value;
  }
  return found;
}

function isParameterValue(name: string, value: string): boolean {
  const parts = name === 'mount' ? value.split('/') : [value];
  return parts.every((part) => valueForm.test(part) && !climbs(part));
}

function findParameterProblem(uri: SecretUri): string | undefined {
  if (uri.backend !== 'vault') return undefined;
  if (uri.version !== undefined && !vaultVersionForm.test(uri.version))
    return 'a version of Vault is a number';
  const needsPath = uri.mount === undefined && !uri.id.includes('/');
  return needsPath ? 'vault:// needs the mount, a path behind it, and a key' : undefined;
}

function climbs(segment: string): boolean {
  return segment === '.' || segment === '..';
}

function bad(problem: string): SecretUriResult {
  return { kind: 'bad', problem };
}
