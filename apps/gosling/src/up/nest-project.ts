/** The Nest's project in GitLab, as far as its Git address tells: `https://host/group/nest.git`, `git@host:group/nest.git`. */
export function nestProjectOf(nestUrl: string): { server: string; url: string; path: string } | undefined {
  const scp = /^[\w.-]+@([\w.-]+):([^\s]+?)(?:\.git)?\/?$/.exec(nestUrl);
  if (scp && !nestUrl.includes('://')) return project(scp[1] ?? '', 'https', scp[2] ?? '');
  if (!URL.canParse(nestUrl)) return undefined;
  const url = new URL(nestUrl);
  const inside = url.pathname.replace(/^\/+/, '').replace(/(\.git)?\/*$/, '');
  if (url.protocol === 'ssh:') return project(url.hostname, 'https', inside);
  if (url.protocol === 'https:' || url.protocol === 'http:') {
    return project(url.host, url.protocol.replace(':', ''), inside);
  }
  return undefined;
}

function project(
  host: string,
  scheme: string,
  inside: string,
): { server: string; url: string; path: string } | undefined {
  if (host === '' || inside === '') return undefined;
  const server = host.toLowerCase();
  return { server, url: `${scheme}://${server}`, path: inside };
}
