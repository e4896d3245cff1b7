import type { EggConfig } from '@polar-gosling/domain';
import { tooMuchForEgg } from '@polar-gosling/domain/refuse-cloud';
import { spanOf } from '@polar-gosling/fly';
import { formatDuration } from '@polar-gosling/kernel';
import { type Placed, report } from './cross-check.ts';
import type { LoadedNest, NestSource } from './load-files.ts';

/** Variables that nothing in the Nest refers to, and those that something refers to and that have no value. */
export function checkVariables(placed: readonly Placed[], { sources, environment }: LoadedNest): void {
  const set = new Set(
    (environment?.blocks ?? []).flatMap((block) =>
      block.kind === 'values' ? Object.keys(block.values) : [],
    ),
  );
  const used = new Set(sources.flatMap(({ references }) => [...references].map(variableOf)));
  for (const { source, block } of placed) {
    if (block.kind !== 'variable') continue;
    if (used.has(block.name)) {
      const isOpen = block.values.default === undefined && !set.has(block.name);
      if (isOpen && block.isValid) reportOpen({ source, block }, environment);
      continue;
    }
    const message = `nothing refers to the variable "${block.name}"`;
    report(source, { code: 'FLY074', span: block.headerSpan, message });
  }
}

/** An Egg that no job can reach, whose machines its cloud has not, or whose runners may be idle longer than they may live. */
export function adviseOnEgg(egg: EggConfig, { source, block }: Placed, maxAgeMs: number | undefined): void {
  const { tags, runUntagged, idleTimeoutMs } = egg.runner;
  if (tags.length === 0 && !runUntagged) {
    const message = `${block.kind} "${egg.name}" has no tags and refuses jobs without tags: it takes no job`;
    const span = spanOf(source.parsed, block, ['runner', 'run_untagged']);
    report(source, { code: 'FLY082', span, message });
  }
  adviseOnUserData(egg, { source, block });
  for (const { detail, of } of tooMuchForEgg(egg)) {
    const message = `no machine can be made for "${egg.name}": ${detail}`;
    report(source, { code: 'FLY107', span: spanOf(source.parsed, block, ['resources', of]), message });
  }
  if (maxAgeMs === undefined || idleTimeoutMs <= maxAgeMs) return;
  const limit = formatDuration(maxAgeMs);
  const message = `idle_timeout (${formatDuration(idleTimeoutMs)}) is longer than pruning.max_age (${limit})`;
  report(source, { code: 'FLY103', span: spanOf(source.parsed, block, ['runner', 'idle_timeout']), message });
}

function reportOpen({ source, block }: Placed, environment: NestSource | undefined): void {
  const where = environment === undefined ? 'an environment of Envs/' : environment.path;
  const message = `the variable "${block.name}" has no value: give it a default, or set it in the values of ${where}`;
  report(source, { code: 'FLY076', span: block.headerSpan, message });
}

/** `var.region.zone` uses the variable `region`. */
function variableOf(reference: string): string | undefined {
  const [root, name] = reference.split('.');
  return root === 'var' ? name : undefined;
}

/** What EC2 takes, less what starts the agent. */
const roomForKeysBytes = 10 * 1024;
/** Indentation, quotes and line end around a key. */
const frameBytes = 12;

/** More SSH keys than the user data of an EC2 machine can hold. */
function adviseOnUserData({ name, type, cloud }: EggConfig, { source, block }: Placed): void {
  if (cloud.provider !== 'aws' || type === 'serverless') return;
  const bytes = cloud.sshPublicKeys.reduce((sum, key) => sum + key.length + frameBytes, 0);
  if (bytes <= roomForKeysBytes) return;
  const message = `the SSH keys of "${name}" fill ${bytes} bytes of user data, and EC2 leaves ${roomForKeysBytes} for them: name fewer, or put them into the image`;
  const span = spanOf(source.parsed, block, ['cloud', 'ssh_public_keys']);
  report(source, { code: 'FLY105', span, message });
}
