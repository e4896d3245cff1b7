import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@polar-gosling/kernel';
import { type Machine, type Machines, machinesErrors } from '@polar-gosling/ports/machines';
import { type ContainerRecord, machineOfContainer, parseContainer } from './local-containers.ts';

/** What the launcher of the provider `local` writes beside a runner it started. */
interface RunnerRecord {
  readonly runnerId: string;
  readonly egg: string;
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

const runnerIdForm = /^[a-z0-9]{1,64}$/;

/**
 * Runners on this host: one directory each. A process is told from a later one of the same number; of a container its
 * engine is asked.
 */
export function createLocalMachines(options: { dataDir: string; procDir?: string }): Machines {
  const root = join(options.dataDir, 'local-runners');
  const proc = options.procDir ?? '/proc';
  const machineOf = async (runnerId: string, signal: AbortSignal): Promise<Machine | undefined> => {
    const container = await readContainer(join(root, runnerId, 'container.json'));
    if (container !== undefined) return machineOfContainer(container, signal);
    const record = await readRecord(join(root, runnerId, 'runner.json'));
    if (record === undefined) return undefined;
    const state = (await isLiving(proc, record)) ? 'running' : 'gone';
    return { runnerId: record.runnerId, egg: record.egg, state };
  };
  return {
    async list({ signal }) {
      signal.throwIfAborted();
      const names = (await orMissing(() => readdir(root))) ?? [];
      const found: Machine[] = [];
      for (const name of names.filter((each) => runnerIdForm.test(each)).toSorted()) {
        const machine = await machineOf(name, signal);
        if (machine !== undefined) found.push(machine);
      }
      return found;
    },
    async status(runnerId, { signal }) {
      signal.throwIfAborted();
      return runnerIdForm.test(runnerId) ? machineOf(runnerId, signal) : undefined;
    },
  };
}

async function readContainer(path: string): Promise<ContainerRecord | undefined> {
  const text = await orMissing(() => readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  const record = parseContainer(text);
  if (record === undefined)
    throw machinesErrors.unavailable({ reason: `${path} is no record of a container` });
  return record;
}

async function readRecord(path: string): Promise<RunnerRecord | undefined> {
  const text = await orMissing(() => readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    const record = typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
    return toRecord(record);
  } catch (error) {
    throw machinesErrors.unavailable({ reason: `${path} is no record of a runner` }, { cause: error });
  }
}

function toRecord(parsed: Readonly<Record<string, unknown>>): RunnerRecord {
  const record = {
    runnerId: parsed['runner_id'],
    egg: parsed['egg'],
    pid: parsed['pid'],
    startTime: String(parsed['start_time']),
    bootId: parsed['boot_id'],
  };
  const { runnerId, egg, pid, startTime, bootId } = record;
  const isRecord = [runnerId, egg, bootId].every((value) => typeof value === 'string');
  if (!isRecord || !Number.isInteger(pid))
    throw machinesErrors.unavailable({ reason: 'columns are missing' });
  return {
    runnerId: String(runnerId),
    egg: String(egg),
    pid: Number(pid),
    startTime,
    bootId: String(bootId),
  };
}

async function isLiving(proc: string, record: RunnerRecord): Promise<boolean> {
  const bootId = await orMissing(() => readFile(join(proc, 'sys/kernel/random/boot_id'), 'utf8'));
  if (bootId === undefined) throw machinesErrors.unavailable({ reason: `${proc} shows no processes` });
  if (bootId.trim() !== record.bootId) return false;
  const stat = await orMissing(() => readFile(join(proc, String(record.pid), 'stat'), 'utf8'));
  if (stat === undefined) return false;
  const { state, startTime } = parseStat(stat);
  return startTime === record.startTime && state !== 'Z' && state !== 'X';
}

/** Fields 3 and 22 of `/proc/pid/stat`, counted from behind the program's name, which may hold anything. */
function parseStat(stat: string): { state: string | undefined; startTime: string | undefined } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0], startTime: fields[19] };
}

async function orMissing<Result>(action: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await action();
  } catch (error) {
    const code = codeOf(error);
    // ESRCH: the process ended while it was read.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESRCH') return undefined;
    throw machinesErrors.unavailable({ reason: code ?? 'it cannot be read' }, { cause: error });
  }
}
