/**
 * Learns which project a job belongs to from the runner's own log: its port names a job by the project's path only,
 * while its JSON lines carry both numbers.
 */
export function createProjectIds(): { learn(line: string): void; of(jobId: number): number } {
  const projects = new Map<number, number>();
  return {
    learn(line) {
      if (!line.startsWith('{') || !line.includes('"project"')) return;
      const fields = parseObject(line);
      const jobId = Number(fields['job']);
      const projectId = Number(fields['project']);
      if (Number.isSafeInteger(jobId) && Number.isSafeInteger(projectId)) projects.set(jobId, projectId);
      if (projects.size > 1_000) projects.delete(projects.keys().next().value ?? 0);
    },
    /** 0 where it is not known (yet). */
    of: (jobId) => projects.get(jobId) ?? 0,
  };
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  try {
    return Object.assign({}, JSON.parse(line));
  } catch {
    return {}; // a line that was cut, or no JSON after all
  }
}
