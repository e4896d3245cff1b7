/** A version of a provider, as OpenTofu reads it: three numbers, a pre-release, build metadata. */
interface Version {
  readonly numbers: readonly [number, number, number];
  readonly pre: string;
  readonly metadata: string;
}

interface Part {
  readonly operator: string;
  readonly version: Version;
  /** How many numbers were written: `~> 5.0` and `~> 5.0.0` mean different things. */
  readonly written: number;
}

/** All of them must hold. */
export type VersionConstraints = readonly Part[];

const versionText = String.raw`(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?`;
const extraText = String.raw`((?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)((?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)`;
const part = new RegExp(`^(?:(<=|>=|!=|~>|<|>|=) ?)?${versionText}${extraText}$`);
const whole = new RegExp(String.raw`^(\d{1,15})\.(\d{1,15})\.(\d{1,15})${extraText}$`);

/**
 * Reads `>= 1, < 2` as OpenTofu does for providers; `undefined` when it would refuse it. OpenTofu reads a constraint
 * twice, by two libraries (hashicorp/go-version, then apparentlymart/go-versions): only what both take counts.
 */
export function parseConstraints(text: string): VersionConstraints | undefined {
  const parts = text.split(',').map(parsePart);
  return parts.every((one) => one !== undefined) ? parts : undefined;
}

/**
 * Does the version satisfy all of them? A pre-release does only where one of them names it with `=`; metadata counts for
 * `=` and `!=` only.
 */
export function meetsConstraints(text: string, constraints: VersionConstraints): boolean {
  const version = parseVersion(text);
  if (version === undefined) return false;
  const isNamed = constraints.some(
    ({ operator, version: named }) => operator === '=' && isSame(version, named),
  );
  if (version.pre !== '' && !isNamed) return false;
  return constraints.every((one) => meetsPart(version, one));
}

/** The newest that satisfies them, or `undefined`. */
export function newestMeeting(
  versions: Iterable<string>,
  constraints: VersionConstraints,
): string | undefined {
  let newest: { text: string; version: Version } | undefined;
  for (const text of versions) {
    const version = parseVersion(text);
    if (version === undefined || !meetsConstraints(text, constraints)) continue;
    if (newest === undefined || comparePrecedence(version, newest.version) > 0) newest = { text, version };
  }
  return newest?.text;
}

function meetsPart(version: Version, { operator, version: bound, written }: Part): boolean {
  const order = comparePrecedence(version, bound);
  switch (operator) {
    case '=':
      return isSame(version, bound);
    case '!=':
      return !isSame(version, bound);
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    default:
      return order >= 0 && comparePrecedence(version, endOf(bound, written)) < 0;
  }
}

/** Where `~>` ends: the next minor version when three numbers were written, else the next major one. */
function endOf({ numbers: [major, minor] }: Version, written: number): Version {
  const numbers: Version['numbers'] = written === 3 ? [major, minor + 1, 0] : [major + 1, 0, 0];
  return { numbers, pre: '', metadata: '' };
}

function parsePart(text: string): Part | undefined {
  const found = part.exec(text.trim());
  // Go's idea of a space is narrower than ours.
  if (found === null || /[^\S \t\n\v\f\r]/.test(text)) return undefined;
  const [, operator = '=', major = '0', minor, patch, pre = '', metadata = ''] = found;
  const numbers = [major, minor ?? '0', patch ?? '0'].map(Number) as [number, number, number];
  const written = [major, minor, patch].filter((number) => number !== undefined).length;
  return { operator, version: { numbers, pre: pre.slice(1), metadata: metadata.slice(1) }, written };
}

function parseVersion(text: string): Version | undefined {
  const found = whole.exec(text);
  if (found === null) return undefined;
  const [, major, minor, patch, pre = '', metadata = ''] = found;
  const numbers = [major, minor, patch].map(Number) as [number, number, number];
  return { numbers, pre: pre.slice(1), metadata: metadata.slice(1) };
}

function isSame(a: Version, b: Version): boolean {
  return comparePrecedence(a, b) === 0 && a.metadata === b.metadata;
}

/** The order of versions by semver.org §11: a pre-release comes before its release, metadata has no say. */
function comparePrecedence(a: Version, b: Version): number {
  for (const [place, number] of a.numbers.entries()) {
    const difference = number - (b.numbers[place] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.pre === b.pre) return 0;
  if (a.pre === '' || b.pre === '') return a.pre === '' ? 1 : -1;
  return comparePreReleases(a.pre.split('.'), b.pre.split('.'));
}

function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  for (const [place, word] of a.entries()) {
    const other = b[place];
    if (other === undefined) return 1;
    if (word !== other) return compareWords(word, other);
  }
  return -1;
}

function compareWords(a: string, b: string): number {
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  if (isNumber && a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}
