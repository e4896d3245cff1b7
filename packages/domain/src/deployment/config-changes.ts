import type { EggConfig } from '../egg.ts';
import { machinePartOf } from './machine-part.ts';

export interface ConfigChange {
  /** `runner.concurrent`. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** It shapes machines: runners are replaced for it. */
  readonly isMachine: boolean;
}

/** Value by value, what differs between two configurations of an Egg. Lists are one value. */
export function configChanges(before: EggConfig, after: EggConfig): readonly ConfigChange[] {
  const [old, next] = [valuesOf(before), valuesOf(after)];
  const machine = [...machinePaths(before), ...machinePaths(after)];
  const paths = [...new Set([...old.keys(), ...next.keys()])].toSorted();
  return paths.flatMap((path) => {
    const [was, is] = [old.get(path), next.get(path)];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    const isMachine = machine.some((one) => path === one || path.startsWith(`${one}.`));
    return [{ path, before: was, after: is, isMachine }];
  });
}

/** Where the machine part stands in a configuration. What comes along with a type or an executor shapes none. */
function machinePaths(egg: EggConfig): string[] {
  const ofRunner = ['executor', 'image', 'jobsPerRunner'];
  return Object.keys(machinePartOf(egg)).flatMap((name) => {
    if (name === 'maxJobs' || name === 'docker') return [];
    return [ofRunner.includes(name) ? `runner.${name}` : name];
  });
}

function valuesOf({ sourceFile: _, ...config }: EggConfig): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const walk = (value: unknown, path: string) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      found.set(path, value);
      return;
    }
    for (const [name, inner] of Object.entries(value)) walk(inner, path === '' ? name : `${path}.${name}`);
  };
  walk(config, '');
  return found;
}
