import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { codeOf, sha256Hex } from '@polar-gosling/kernel';

/** Stands where the host does not tell; nothing is proved of such a holder. */
const unknown = '?';

/**
 * Names this process in leases so that another one on the same host can prove it dead: host, boot, pid and the
 * process's start time (a pid alone is reused).
 */
export function processHolder(pid: number): string {
  return [hostId(), bootId(), pid, startTimeOf(pid) ?? unknown].join('|');
}

/**
 * Proved dead only on this host and boot, when no process has that pid and start time. What cannot be read is no
 * proof. See docs/decisions/0002-leases-of-dead-holders.md.
 */
export function isHolderGone(holder: string): boolean {
  const [host, boot, pid = '', startTime = unknown] = holder.split('|');
  const isHere = host === hostId() && boot === bootId() && boot !== unknown;
  if (!isHere || !/^\d+$/.test(pid) || startTime === unknown) return false;
  const found = startTimeOf(Number(pid));
  return found !== unknown && found !== startTime;
}

/** Containers share a boot id and may share a host name: the numbers of processes mean something in one namespace. */
function hostId(): string {
  return sha256Hex(`${hostname()} ${readOrUnknown(() => readlinkSync('/proc/self/ns/pid'))}`).slice(0, 12);
}

function bootId(): string {
  return readOrUnknown(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** Field 22 of `/proc/PID/stat` (the name in field 2 may hold blanks and parentheses); absent: no such process. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isZombie = afterName[0] === 'Z' || afterName[0] === 'X';
    return isZombie ? undefined : afterName[19];
  } catch (error) {
    return isNoSuchProcess(error) && bootId() !== unknown ? undefined : unknown;
  }
}

/** Too many open files, or rights, say nothing about the process. */
function isNoSuchProcess(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH';
}

function readOrUnknown(read: () => string): string {
  try {
    return read();
  } catch {
    return unknown;
  }
}
