import { kernelErrors, sha256Hex, stableJson } from '@polar-gosling/kernel';
import type { TofuTool } from '@polar-gosling/ports/tofu';
import { parseConstraints, type VersionConstraints } from './version-constraints.ts';

/** One provider that a bundle needs, and what all of its modules together ask of its version. */
export interface ProviderNeed {
  /** `host/namespace/type` */
  readonly source: string;
  /** As written, each once, sorted. */
  readonly constraints: readonly string[];
}

/**
 * What `required_providers` of a bundle's files ask for, by provider. The files are ours: reviewed, formatted, without
 * expressions there; what does not look so is refused rather than passed over.
 */
export function readProviderNeeds(
  files: ReadonlyMap<string, string>,
  product: TofuTool['product'],
): readonly ProviderNeed[] {
  const found = new Map<string, Set<string>>();
  for (const [path, text] of files) {
    if (!path.endsWith('.tf')) continue;
    for (const { source, version } of requiredProviders(path, text)) {
      const address = fullAddress(source, product);
      const constraints = found.get(address) ?? new Set();
      if (version !== undefined) constraints.add(version);
      found.set(address, constraints);
    }
  }
  return [...found]
    .map(([source, constraints]) => ({ source, constraints: [...constraints].toSorted() }))
    .toSorted((a, b) => (a.source < b.source ? -1 : 1));
}

/** What the lock file of these needs is kept under: other constraints, module or platform, another lock file. */
export function needsHash(
  needs: readonly ProviderNeed[],
  made: { readonly moduleVersion: string; readonly platform: string },
): string {
  return sha256Hex(stableJson({ needs, ...made }));
}

/** All constraints of a need as one. */
export function constraintsOf({ source, constraints }: ProviderNeed): VersionConstraints {
  return constraints.flatMap((text) => {
    const parsed = parseConstraints(text);
    if (parsed === undefined)
      throw kernelErrors.impossible({ what: `"${text}" is no version constraint for ${source}` });
    return parsed;
  });
}

function* requiredProviders(
  path: string,
  text: string,
): Generator<{ source: string; version: string | undefined }> {
  const plain = text.replace(/^\s*(?:#|\/\/).*$/gm, '');
  for (const [, block = ''] of plain.matchAll(/\brequired_providers\s*\{((?:[^{}]|\{[^{}]*\})*)\}/g)) {
    const rest = block.replace(/[\w-]+\s*=\s*\{[^{}]*\}/g, '');
    if (rest.trim() !== '') throw unreadable(path, rest.trim());
    for (const [, entry = ''] of block.matchAll(/=\s*\{([^{}]*)\}/g)) yield readEntry(path, entry);
  }
}

function readEntry(path: string, entry: string): { source: string; version: string | undefined } {
  const values = new Map<string, string>();
  for (const line of entry.split('\n').filter((one) => one.trim() !== '')) {
    const [, name, value] = /^\s*(source|version)\s*=\s*"([^"\\$%]*)"\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw unreadable(path, line.trim());
    values.set(name, value);
  }
  const source = values.get('source');
  if (source === undefined) throw unreadable(path, entry.trim());
  return { source, version: values.get('version') };
}

function fullAddress(source: string, product: TofuTool['product']): string {
  const registry = product === 'opentofu' ? 'registry.opentofu.org' : 'registry.terraform.io';
  return source.split('/').length === 3 ? source : `${registry}/${source}`;
}

function unreadable(path: string, text: string) {
  return kernelErrors.impossible({ what: `required_providers in ${path} cannot be read: ${text}` });
}
