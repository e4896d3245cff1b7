import type { BuildDirectory } from './build-directory.ts';
import type { JobUser } from './job-user.ts';
import type { RunnerEntry } from './runner-config.ts';
import type { JobStep, RunnerJob } from './runner-job.ts';

/** The shell text of a step: each command is shown before it runs, as GitLab's log has it. */
export function scriptOf(step: JobStep, entry: RunnerEntry): string {
  const isMain = step.name === 'script';
  const commands = [
    ...(isMain && entry.preBuildScript !== undefined ? [entry.preBuildScript] : []),
    ...step.script,
    ...(isMain && entry.postBuildScript !== undefined ? [entry.postBuildScript] : []),
  ];
  return commands.map((command) => `printf '%s\\n' ${quote(shownAs(command))}\n${command}`).join('\n');
}

/**
 * A job's whole environment: a short list, the runner's `environment`, the job's variables. Nothing of our own
 * environment gets in.
 */
export function environmentOf(
  job: RunnerJob,
  entry: RunnerEntry,
  place: { directory: BuildDirectory; user: JobUser | undefined },
): Record<string, string> {
  const name = place.user?.name ?? 'gitlab-runner';
  const variables = [...entry.environment, ...job.variables];
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    SHELL: '/bin/sh',
    USER: name,
    LOGNAME: name,
    HOME: place.directory.work,
    TMPDIR: place.directory.tmp,
    ...Object.fromEntries(variables.map(({ key, value }) => [key, value])),
    CI_PROJECT_DIR: place.directory.work,
    CI_BUILDS_DIR: place.directory.work,
  };
}

function shownAs(command: string): string {
  const [first, ...rest] = command.split('\n');
  return rest.length === 0 ? `$ ${first}` : `$ ${first} # collapsed multi-line command`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
