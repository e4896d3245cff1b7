import { statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem } from 'node:os';

export interface HostUsage {
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
}

/** Percent of this machine in use; cpu since the last call. */
export function createHostUsage(directory: string): () => Promise<HostUsage> {
  let last = cpuTimes();
  let diskShare = 0;
  return async () => {
    const now = cpuTimes();
    const passed = now.total - last.total;
    const cpu = passed <= 0 ? 0 : 1 - (now.idle - last.idle) / passed;
    last = now;
    diskShare = await usedShare(directory).catch(() => diskShare); // a broken disk says nothing of itself
    return {
      cpu: percent(cpu),
      memory: percent(1 - freemem() / totalmem()),
      disk: percent(diskShare),
    };
  };
}

async function usedShare(directory: string): Promise<number> {
  const disk = await statfs(directory);
  const usable = disk.blocks - disk.bfree + disk.bavail;
  return usable <= 0 ? 0 : 1 - disk.bavail / usable;
}

function cpuTimes(): { idle: number; total: number } {
  const times = cpus().map((each) => each.times);
  const idle = times.reduce((sum, each) => sum + each.idle, 0);
  const total = times.reduce((sum, each) => sum + each.user + each.nice + each.sys + each.idle + each.irq, 0);
  return { idle, total };
}

function percent(share: number): number {
  return Math.min(100, Math.max(0, Math.round(share * 1_000) / 10));
}
