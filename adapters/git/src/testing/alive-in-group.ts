import { readdirSync, readFileSync } from 'node:fs';

/** Processes of a group that still run; the dead whom nobody has collected yet do not count. */
export function aliveInGroup(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const [state, , processGroup] = fieldsOf(pid);
      return processGroup === String(group) && state !== 'Z' && state !== 'X';
    })
    .map(Number);
}

function fieldsOf(pid: string): string[] {
  try {
    return (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '').split(' ');
  } catch {
    return [];
  }
}
