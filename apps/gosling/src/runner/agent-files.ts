import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '@polar-gosling/kernel';

/** Where an agent keeps its things; all below its own directory. */
export interface AgentFiles {
  readonly directory: string;
  readonly memory: string;
  readonly configToml: string;
  readonly systemId: string;
  readonly caFile: string;
  readonly reports: string;
  readonly runnerLog: string;
  /** Programs that were fetched. */
  readonly bin: string;
  /** Names the directory of builds outside ours, so that whoever removes the runner finds it. */
  readonly buildsRecord: string;
}

/** Absolute paths: `gitlab-runner run --working-directory` changes directory before it reads `--config`. */
export function agentFiles(directory: string): AgentFiles {
  const root = path.resolve(directory);
  return {
    directory: root,
    memory: path.join(root, 'agent.json'),
    configToml: path.join(root, 'config.toml'),
    systemId: path.join(root, '.runner_system_id'),
    caFile: path.join(root, 'gitlab-ca.pem'),
    reports: path.join(root, 'reports.jsonl'),
    runnerLog: path.join(root, 'gitlab-runner.log'),
    bin: path.join(root, 'bin'),
    buildsRecord: path.join(root, 'builds-dir'),
  };
}

/** Writes a file that only we may read, whole or not at all. */
export async function writePrivate(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.new`;
  await writeFile(next, text, { mode: 0o600 });
  await chmod(next, 0o600);
  await rename(next, file);
}

/** The text of a file, `undefined` where there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
