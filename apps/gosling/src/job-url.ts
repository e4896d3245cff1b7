export interface JobAddress {
  /** Host in lower case, with the port where it is not the scheme's. */
  readonly server: string;
  /** Path of the project. */
  readonly project: string;
  readonly jobId: number;
}

/** Reads `https://host[:port]/group/app/-/jobs/123`; an anchor, a query or `/raw` behind it does no harm. */
export function parseJobUrl(text: string): JobAddress | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, pathname } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  const [, project, jobId] = /^\/(.+?)\/-\/jobs\/([1-9]\d{0,15})(?:\/[a-z]*)?$/.exec(pathname) ?? [];
  if (project === undefined || jobId === undefined) return undefined;
  const decoded = decodePath(project);
  if (decoded === undefined) return undefined;
  return { server: host.toLowerCase(), project: decoded, jobId: Number(jobId) };
}

function decodePath(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a broken escape: no address that GitLab ever gave
  }
}
