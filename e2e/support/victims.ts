import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pids, quietly } from './processes.ts';
import { localRunners, runnerRecord, type World } from './world.ts';

/** Pids of OpenTofu processes that work for this world (their current directory is one of its runs), of one command. */
export function tofuProcesses(world: World, subcommand?: 'plan' | 'apply'): number[] {
  const runs = `${world.dataDir}/runs/`;
  return pids().filter((pid) => {
    const cwd = quietly(() => readlinkSync(`/proc/${pid}/cwd`));
    const command = quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '';
    const [program = '', given] = command.split('\0');
    const isWanted = subcommand === undefined || subcommand === given;
    return cwd?.startsWith(runs) === true && /(tofu|terraform)/.test(program) && isWanted;
  });
}

export interface IdleAgent {
  readonly pid: number;
  /** Of its runner. */
  readonly systemId: string;
}

/** Agents whose runner has no job in GitLab: that is looked at last, a busy machine is slow to answer the rest. */
export async function idleAgents(world: World): Promise<IdleAgent[]> {
  const { body } = await world.api('/runners?limit=100');
  const here = await localRunners(world.dataDir);
  const busy = new Set(
    world.sim
      .jobs()
      .filter(({ status }) => status === 'running' || status === 'canceling')
      .map(({ systemId }) => systemId),
  );
  const found: IdleAgent[] = [];
  for (const id of here) {
    const record = runnerRecord(world.dataDir, id);
    const systemId = quietly(() =>
      readFileSync(`${world.dataDir}/local-runners/${id}/.runner_system_id`, 'utf8').trim(),
    );
    const isKnownIdle = body.items?.some(
      (runner: { id: string; state: string }) => runner.id === id && runner.state === 'idle',
    );
    if (record && isKnownIdle && systemId !== undefined && !busy.has(systemId)) {
      found.push({ pid: record.pid, systemId });
    }
  }
  return found;
}

/** Kills a local runner at once with all it has started: agent, `gitlab-runner`, job. Answers how many there were. */
export function killFamily(world: World, runnerId: string): number {
  const dir = join(world.dataDir, 'local-runners', runnerId);
  const agent = runnerRecord(world.dataDir, runnerId)?.pid;
  const family = new Set(pids().filter((pid) => pid === agent || mentions(pid, dir)));
  for (let size = -1; size !== family.size; ) {
    size = family.size;
    for (const pid of pids()) if (family.has(parentOf(pid))) family.add(pid);
  }
  for (const pid of family) killNow(pid);
  return family.size;
}

function mentions(pid: number, dir: string): boolean {
  return quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.includes(dir) === true;
}

function parentOf(pid: number): number {
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? '';
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

export function killNow(pid: number): boolean {
  return quietly(() => process.kill(pid, 'SIGKILL')) === true;
}
