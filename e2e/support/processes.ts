import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Every process whose environment, command or current directory names the world's folder. */
export function processesOf(world: { readonly dir: string }): { pid: number; command: string }[] {
  return pids().flatMap((pid) => {
    if (pid === process.pid) return [];
    const cwd = quietly(() => readlinkSync(`/proc/${pid}/cwd`)) ?? '';
    const command = quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')) ?? '';
    const environment = quietly(() => readFileSync(`/proc/${pid}/environ`, 'utf8')) ?? '';
    const isOurs = cwd.startsWith(world.dir) || `${command}\0${environment}`.includes(world.dir);
    return isOurs ? [{ pid, command }] : [];
  });
}

export function pids(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

export function quietly<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
