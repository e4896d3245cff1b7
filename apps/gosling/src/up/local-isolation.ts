/**
 * May jobs of a GitLab server run on this host? Only in containers, as a system user of their own (we are root), or where
 * the operator takes the risk. The reason why not, else `undefined`.
 */
export function createLocalRefusal(at: {
  isRoot: boolean;
  isUnsafeAllowed: boolean;
  /** Absent: runners are processes. Else why no container can be made now. */
  containers?: (() => string | undefined) | undefined;
}): (server: string) => string | undefined {
  return (server) => {
    if (at.containers !== undefined) return at.containers();
    if (at.isRoot || at.isUnsafeAllowed) return undefined;
    return (
      `jobs of ${server} would run as the user that runs gosling and could read its keys: install Docker (runners are ` +
      'then containers), run gosling up as root (jobs then get a system user of their own), or set ' +
      'GOSLING_UNSAFE_LOCAL=1 if you trust every job'
    );
  };
}
