/** One line of `/debug/jobs/list`: a job this machine runs now. */
export interface ListedJob {
  /** Host, with the port where it is not the scheme's. */
  readonly server: string;
  readonly projectPath: string;
  readonly jobId: number;
}

/** Reads `url=https://host/group/app/-/jobs/12 state=running …` lines; others are passed over. */
export function parseJobsList(text: string): readonly ListedJob[] {
  return text.split('\n').flatMap((line) => {
    const url = /(?:^|\s)url=(\S+)/.exec(line)?.[1];
    if (url === undefined || !URL.canParse(url)) return [];
    const { host, pathname } = new URL(url);
    const [, projectPath, jobId] = /^\/(.+)\/-\/jobs\/(\d+)$/.exec(pathname) ?? [];
    if (projectPath === undefined || jobId === undefined) return [];
    return [{ server: host, projectPath, jobId: Number(jobId) }];
  });
}

/** Adds up the samples of one Prometheus metric that have `label`; `undefined` where the metric is not there. */
export function sumMetric(text: string, name: string, label = ''): number | undefined {
  const values = text.split('\n').flatMap((line) => {
    const rest = line.startsWith(name) ? line.slice(name.length) : '';
    const [, labels = '', value] = /^(\{.*\})?\s+(\S+)/.exec(rest) ?? [];
    return value === undefined || !labels.includes(label) ? [] : [Number(value)];
  });
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}
