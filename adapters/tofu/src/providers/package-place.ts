import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** One provider, one version, one platform. */
export interface ProviderPackage {
  /** `host/namespace/type` */
  readonly source: string;
  readonly version: string;
  /** `{os}_{arch}` */
  readonly platform: string;
}

/** Name of its archive, as registries and packed mirrors have it. */
export function archiveName({ source, version, platform }: ProviderPackage): string {
  return `terraform-provider-${typeOf(source)}_${version}_${platform}.zip`;
}

/** Its archive in Blobs. */
export function blobKeyOf(wanted: ProviderPackage): string {
  const place = wanted.source.replaceAll(':', '_');
  return `tofu-cache/terraform-plugins/${place}/${wanted.version}/${archiveName(wanted)}`;
}

/** Its folder in an unpacked mirror, and in what `init` makes. */
export function unpackedPath(root: string, { source, version, platform }: ProviderPackage): string {
  return join(root, ...source.split('/'), version, platform);
}

/** Versions of a provider that a mirror on this host holds, packed or not. */
export async function listMirror(
  root: string,
  wanted: { readonly source: string; readonly platform: string },
): Promise<readonly string[]> {
  const folder = join(root, ...wanted.source.split('/'));
  const names = await readdir(folder).catch((): string[] => []);
  const [prefix, suffix] = [`terraform-provider-${typeOf(wanted.source)}_`, `_${wanted.platform}.zip`];
  const held = names.map(async (name) => {
    if (name.startsWith(prefix) && name.endsWith(suffix)) return name.slice(prefix.length, -suffix.length);
    const platforms = await readdir(join(folder, name)).catch((): string[] => []);
    return platforms.includes(wanted.platform) ? name : undefined;
  });
  return (await Promise.all(held)).filter((version) => version !== undefined);
}

function typeOf(source: string): string {
  return source.split('/').at(-1) ?? source;
}
