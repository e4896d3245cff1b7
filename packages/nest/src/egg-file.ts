import type { CloudProvider, RunnerType } from '@polar-gosling/domain';
import { formatFly } from '@polar-gosling/fly';
import { attributeLines, blockLines, quote } from './fly-text.ts';
import type { NestFile } from './nest-read.ts';

/** The project or group an Egg is for. */
export type GitLabTarget = {
  readonly server?: string;
  /** Base URL, where it is not `https://server`. */
  readonly url?: string;
  /** Its private certificate authority. */
  readonly caFile?: string;
} & ({ readonly projectId: number } | { readonly groupId: number });

/** What is known of a new pool; what is left out is left to the defaults. */
export interface PoolFileOptions {
  readonly name: string;
  readonly type?: RunnerType | 'auto';
  readonly cloud?: { readonly provider: CloudProvider; readonly region?: string };
  readonly resources?: { readonly cpu?: number; readonly memoryMib?: number; readonly diskGib?: number };
  readonly tags?: readonly string[];
  readonly concurrent?: number;
  /** As in the file: `10m`. */
  readonly idleTimeout?: string;
}

/** What `gosling add egg` knows. */
export interface EggFileOptions extends PoolFileOptions {
  readonly gitlab: GitLabTarget;
}

/** What `gosling add bucket` knows. */
export interface BucketFileOptions extends PoolFileOptions {
  readonly repos: readonly GitLabTarget[];
}

/** The file of a new Egg, formatted, at the path where it belongs. */
export function eggFile(options: EggFileOptions): NestFile {
  return fileOf('egg', options, blockLines('gitlab', gitlabLines(options.gitlab)));
}

/** The file of a new EggsBucket, formatted, at the path where it belongs. */
export function bucketFile(options: BucketFileOptions): NestFile {
  const repos = options.repos.map((target) => repoBlock(target).block);
  return fileOf('eggsbucket', options, ['repositories {', repos.join('\n\n'), '}']);
}

/** One project or group of a bucket, labelled by its number. */
export function repoBlock(target: GitLabTarget): { readonly label: string; readonly block: string } {
  const label = 'projectId' in target ? `project-${target.projectId}` : `group-${target.groupId}`;
  const lines = blockLines(`repo ${quote(label)}`, blockLines('gitlab', gitlabLines(target)));
  return { label, block: lines.join('\n') };
}

function fileOf(kind: string, options: PoolFileOptions, target: readonly string[]): NestFile {
  const { name, type = 'vm', cloud, resources } = options;
  const parts = [
    attributeLines({ type }),
    blockLines('cloud', attributeLines({ provider: cloud?.provider, region: cloud?.region })),
    blockLines(
      'resources',
      attributeLines({ cpu: resources?.cpu, memory: resources?.memoryMib, disk: resources?.diskGib }),
    ),
    blockLines('runner', runnerLines(options)),
    target,
  ];
  const body = parts.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return {
    path: `Eggs/${name}/config.fly`,
    text: formatFly(`${kind} ${quote(name)} {\n${body.join('\n\n')}\n}\n`),
  };
}

function runnerLines({ tags, concurrent, idleTimeout }: PoolFileOptions): string[] {
  return attributeLines({
    tags: tags !== undefined && tags.length > 0 ? tags : undefined,
    concurrent,
    idle_timeout: idleTimeout,
  });
}

function gitlabLines(gitlab: GitLabTarget): string[] {
  return attributeLines({
    server: gitlab.server,
    url: gitlab.url,
    ca_file: gitlab.caFile,
    project_id: 'projectId' in gitlab ? gitlab.projectId : undefined,
    group_id: 'groupId' in gitlab ? gitlab.groupId : undefined,
  });
}
