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

/** What `gosling add egg` knows; what is left out is left to the defaults. */
export interface EggFileOptions {
  readonly name: string;
  readonly type?: RunnerType | 'auto';
  readonly gitlab: GitLabTarget;
  readonly cloud?: { readonly provider: CloudProvider; readonly region?: string };
  readonly resources?: { readonly cpu?: number; readonly memoryMib?: number; readonly diskGib?: number };
  readonly tags?: readonly string[];
  readonly concurrent?: number;
  /** As in the file: `10m`. */
  readonly idleTimeout?: string;
}

/** The file of a new Egg, formatted, at the path where it belongs. */
export function eggFile(options: EggFileOptions): NestFile {
  const { name, type = 'vm', cloud, resources, gitlab } = options;
  const parts = [
    attributeLines({ type }),
    blockLines('cloud', attributeLines({ provider: cloud?.provider, region: cloud?.region })),
    blockLines(
      'resources',
      attributeLines({ cpu: resources?.cpu, memory: resources?.memoryMib, disk: resources?.diskGib }),
    ),
    blockLines('runner', runnerLines(options)),
    blockLines('gitlab', gitlabLines(gitlab)),
  ];
  const body = parts.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return {
    path: `Eggs/${name}/config.fly`,
    text: formatFly(`egg ${quote(name)} {\n${body.join('\n\n')}\n}\n`),
  };
}

function runnerLines({ tags, concurrent, idleTimeout }: EggFileOptions): string[] {
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
