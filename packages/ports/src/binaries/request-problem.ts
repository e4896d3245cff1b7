import type { BinarySourceBy } from './binary-source.ts';

/** Platforms that programs are managed for, in the words of the releases. */
export const binaryPlatforms: readonly string[] = ['linux', 'darwin', 'windows'].flatMap((os) => [
  `${os}_amd64`,
  `${os}_arm64`,
]);

/** Where the secrets lie that may be sent to a source of binaries; those of others are for their own callers alone. */
const secretsPlace = 'tools/';
const templateParts: readonly string[] = ['version', 'os', 'arch'];

export interface BinaryRequestProblem {
  readonly problem: string;
  readonly fix: string;
}

/** Digits and dots, with a tag of letters, digits, dots and hyphens: safe in a path and in an address. */
export function isVersion(text: string): boolean {
  return text.length <= 64 && /^\d{1,6}\.\d{1,6}\.\d{1,6}(?:-[0-9A-Za-z][0-9A-Za-z.-]*)?$/.test(text);
}

/** Why no worker could ever install that; `undefined` when it can be tried. Pure. */
export function binaryRequestProblem(request: {
  readonly program?: 'tofu' | 'gosling';
  readonly version: string;
  readonly platform?: string | undefined;
  readonly source: BinarySourceBy<unknown>;
}): BinaryRequestProblem | undefined {
  const { program, version, platform, source } = request;
  if (!isVersion(version)) return { problem: `${shown(version)} is no version`, fix: 'write it as 1.12.6' };
  if (platform !== undefined && !binaryPlatforms.includes(platform)) {
    return {
      problem: `there is no platform ${shown(platform)}`,
      fix: `choose one of ${binaryPlatforms.join(', ')}`,
    };
  }
  return source.kind === 'github' ? repositoryProblem(source.repository, program) : addressProblem(source);
}

/** Why that secret is not sent to a source of binaries. Pure. */
export function binarySecretProblem(reference: string): BinaryRequestProblem | undefined {
  const parts = reference.split('/');
  const isPath = parts.length > 1 && parts.every((part) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part));
  if (isPath && reference.startsWith(secretsPlace)) return undefined;
  return {
    problem: `${shown(reference)} is no secret of a source of binaries`,
    fix: `put the token under ${secretsPlace}, such as ${secretsPlace}mirror-token`,
  };
}

function repositoryProblem(
  repository: string | undefined,
  program: 'tofu' | 'gosling' = 'tofu',
): BinaryRequestProblem | undefined {
  if (repository === undefined && program === 'gosling') {
    const fix = 'name one as OWNER/NAME with --repository';
    return { problem: 'no GitHub repository is known for gosling', fix };
  }
  if (repository === undefined || /^[\w.-]+\/[\w.-]+$/.test(repository)) return undefined;
  return { problem: `${shown(repository)} is no repository`, fix: 'name it as OWNER/NAME' };
}

function addressProblem({ url, sha256 }: { url: string; sha256: string }): BinaryRequestProblem | undefined {
  if (!/^[0-9a-fA-F]{64}$/.test(sha256)) {
    return {
      problem: 'what comes from an address of your own needs its SHA-256',
      fix: 'give the 64 hexadecimal digits of the file that is fetched with --sha256',
    };
  }
  const unknown = [...url.matchAll(/\{(\w+)\}/g)].find(([, part = '']) => !templateParts.includes(part));
  if (unknown !== undefined) {
    return {
      problem: `the address has the unknown part ${shown(unknown[0])}`,
      fix: 'it may have {version}, {os} and {arch}',
    };
  }
  const [, scheme = '', authority = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^\s/?#]+)/i.exec(url) ?? [];
  if (authority === '') return { problem: 'that is no address', fix: 'it looks like https://host/path' };
  if (authority.includes('@')) {
    return { problem: 'the address holds a user or a password', fix: 'name a secret with --auth instead' };
  }
  if (scheme.toLowerCase() === 'https') return undefined;
  return { problem: `${scheme}://${authority} is not https`, fix: 'serve the file over https' };
}

/** For people and their terminals: nothing of it acts. */
function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
