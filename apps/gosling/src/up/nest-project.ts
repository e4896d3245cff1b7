export interface NestProject {
  readonly server: string;
  readonly url: string;
  readonly path: string;
}

/**
 * The Nest's project in GitLab, as far as its Git address tells: `https://host/group/nest.git`, `git@host:group/nest.git`.
 * `gitlabUrl` says where GitLab is when that is not `https://host`: another port, a relative URL, an ssh host of its own.
 */
export function nestProjectOf(nestUrl: string, gitlabUrl?: string): NestProject | undefined {
  const scp = /^[\w.-]+@([\w.-]+):([^\s]+)$/.exec(nestUrl);
  if (scp && !nestUrl.includes('://')) return project(`https://${scp[1]}`, scp[2] ?? '', gitlabUrl);
  if (!URL.canParse(nestUrl)) return undefined;
  const { protocol, hostname, host, pathname } = new URL(nestUrl);
  if (protocol === 'ssh:') return project(`https://${hostname}`, pathname, gitlabUrl);
  if (protocol === 'https:' || protocol === 'http:')
    return project(`${protocol}//${host}`, pathname, gitlabUrl);
  return undefined;
}

function project(ownUrl: string, gitPath: string, gitlabUrl: string | undefined): NestProject | undefined {
  if (!URL.canParse(gitlabUrl ?? ownUrl)) return undefined;
  const at = new URL(gitlabUrl ?? ownUrl);
  const url = `${at.origin}${at.pathname}`.replace(/\/+$/, '');
  const inside = gitPath.replace(/^\/+/, '').replace(/(\.git)?\/*$/, '');
  // Over https the path of Git begins with GitLab's own; over ssh it does not.
  const own = `${at.pathname.replace(/^\/+|\/+$/g, '')}/`;
  const path = inside.startsWith(own) && own !== '/' ? inside.slice(own.length) : inside;
  return path === '' ? undefined : { server: at.host, url, path };
}
