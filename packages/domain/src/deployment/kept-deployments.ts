const mostKept = 20;

/** Deployments that may be forgotten: neither among the last 20 nor named by anything that lives. Newest first. */
export function forgottenDeployments(ids: readonly string[], named: ReadonlySet<string>): readonly string[] {
  return ids.slice(mostKept).filter((id) => !named.has(id));
}
