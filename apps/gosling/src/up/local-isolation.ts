/**
 * May jobs of a GitLab server run as processes of this host? Only where they get a system user of their own (we are
 * root), or where the operator takes the risk. The reason why not, else `undefined`.
 */
export function createLocalRefusal(at: {
  isRoot: boolean;
  isUnsafeAllowed: boolean;
}): (server: string) => string | undefined {
  return (server) => {
    if (at.isRoot || at.isUnsafeAllowed) return undefined;
    return (
      `jobs of ${server} would run as the user that runs gosling and could read its keys: run gosling up as root ` +
      '(jobs then get a system user of their own), or set GOSLING_UNSAFE_LOCAL=1 if you trust every job'
    );
  };
}
