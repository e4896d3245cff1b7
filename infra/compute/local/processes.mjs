// Processes of this host, and what tells one from a later one with the same number.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const hasProc = readQuietly('/proc/self/stat') !== undefined;

/** Identity of this boot: a process of another one is gone. */
export function readBootId() {
  const id = readQuietly('/proc/sys/kernel/random/boot_id');
  return (id ?? execFileSync('sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8' })).trim();
}

/** Every process that still runs: `{ pid, parent, session, startTime }`. */
export function listProcesses() {
  if (!hasProc) return listByPs();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => parseStat(readQuietly(`/proc/${name}/stat`)))
    .filter((found) => found !== undefined);
}

/** When that process was started, in the host's own words; `undefined` when it does not run. */
export function readStartTime(pid) {
  if (hasProc) return parseStat(readQuietly(`/proc/${pid}/stat`))?.startTime;
  return listByPs().find((found) => found.pid === pid)?.startTime;
}

/** The environment a process was started with, where the host shows it. */
export function readEnvironment(pid) {
  return (readQuietly(`/proc/${pid}/environ`) ?? '').split('\0');
}

/** `pid (comm) state ppid pgrp session … starttime`: comm may hold anything, so count from its last bracket. */
function parseStat(stat) {
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return {
    pid: Number.parseInt(stat, 10),
    parent: Number(fields[1]),
    session: Number(fields[3]),
    startTime: fields[19],
  };
}

/** Where there is no /proc: a leader of a session leads a process group of the same number. */
function listByPs() {
  const text = execFileSync('ps', ['-axo', 'pid=,ppid=,pgid=,stat=,lstart='], {
    encoding: 'utf8',
    env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
  });
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 4 && !fields[3].startsWith('Z'))
    .map(([pid, parent, group, , ...startTime]) => ({
      pid: Number(pid),
      parent: Number(parent),
      session: Number(group),
      startTime: startTime.join(' '),
    }));
}

function readQuietly(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // the process ended, belongs to another user, or this host has no /proc
  }
}
