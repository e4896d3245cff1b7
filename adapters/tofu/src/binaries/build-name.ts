import { type Build, isVersion } from '@polar-gosling/ports/binaries';

/** One build of a version in the names of files: `1.12.6+{sha256}`. No version holds a plus sign. */
export function buildName({ version, sha256 }: Build): string {
  return `${version}+${sha256}`;
}

/** Such a name, or a version alone, as earlier releases and the fetch of the pinned OpenTofu write it. */
export function isBuildName(name: string): boolean {
  const [, sum] = name.split(/\+(.*)/s);
  return isVersion(versionOf(name)) && (sum === undefined || /^[0-9a-f]{64}$/.test(sum));
}

export function versionOf(name: string): string {
  return name.split('+')[0] ?? '';
}
