import { printBlock } from '@polar-gosling/fly';
import type { NestFile } from './nest-read.ts';

/** What `gosling add job` knows. */
export interface JobFileOptions {
  readonly name: string;
  /** Cron line, UTC. */
  readonly schedule: string;
  readonly script: string;
  readonly tags?: readonly string[];
}

/** The file of a new self-management job, formatted, at the path where it belongs. */
export function jobFile({ name, schedule, script, tags = [] }: JobFileOptions): NestFile {
  const runner = tags.length === 0 ? {} : { runner: { tags } };
  return {
    path: `Jobs/${name}.fly`,
    text: printBlock({ kind: 'job', labels: [name], values: { schedule, script, ...runner } }),
  };
}
