import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What tells a process from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In the host's own words: clock ticks since boot, or a date where there is no /proc. */
  readonly startTime: string;
}

/** Identity of this boot of the host. */
export function readBootId(): string {
  const id = readQuietly('/proc/sys/kernel/random/boot_id');
  return (id ?? execFileSync('sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8' })).trim();
}

/** When that process was started; `undefined` when it does not run (a zombie does not). */
export function readStartTime(pid: number): string | undefined {
  if (readQuietly('/proc/self/stat') === undefined) return readStartTimeByPs(pid);
  const stat = readQuietly(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // `pid (comm) state … starttime`: comm may hold spaces and brackets, so count from its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** Does that very process still run? */
export function isRunning(one: ProcessIdentity): boolean {
  return readStartTime(one.pid) === one.startTime;
}

/** Processes that work in `directory` or below it, also once it is removed; none where the host does not show it. */
export function findProcessesIn(directory: string): readonly ProcessIdentity[] {
  return listPids().flatMap((pid) => {
    const workingDirectory = readLinkQuietly(`/proc/${pid}/cwd`)?.replace(/ \(deleted\)$/, '');
    if (workingDirectory !== directory && !workingDirectory?.startsWith(`${directory}/`)) return [];
    const startTime = readStartTime(pid);
    return startTime === undefined ? [] : [{ pid, startTime }];
  });
}

/** Signals one process, or a whole group for a negative number; one that has ended is no failure. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended meanwhile
  }
}

function listPids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return []; // no /proc on this host
  }
}

function readStartTimeByPs(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [stat = '', ...startTime] = text.split(/\s+/);
    return stat === '' || stat.startsWith('Z') ? undefined : startTime.join(' ');
  } catch {
    return undefined; // ps ends with 1 when there is no such process
  }
}

function readQuietly(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // the process has ended, or there is no /proc
  }
}

function readLinkQuietly(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // ended, or another user's
  }
}
