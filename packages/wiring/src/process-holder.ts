import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { sha256Hex } from '@polar-gosling/kernel';

/**
 * Names this process in leases so that another one on the same host can prove it dead: host, boot, pid and the
 * process's start time (a pid alone is reused).
 */
export function processHolder(pid: number): string {
  return [hostId(), bootId(), pid, startTimeOf(pid) ?? '?'].join('|');
}

/** Proved dead only on this host and boot, when no process has that pid and start time. */
export function isHolderGone(holder: string): boolean {
  const [host, boot, pid, startTime] = holder.split('|');
  if (
    host !== hostId() ||
    boot !== bootId() ||
    boot === '?' ||
    startTime === '?' ||
    !/^\d+$/.test(pid ?? '')
  ) {
    return false;
  }
  return startTimeOf(Number(pid)) !== startTime;
}

function hostId(): string {
  return sha256Hex(hostname()).slice(0, 12);
}

function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '?';
}

/** Field 22 of `/proc/PID/stat`; the name in field 2 may hold blanks and parentheses. */
function startTimeOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isZombie = afterName[0] === 'Z';
  return isZombie ? undefined : afterName[19];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
