import { type EggConfig, type EggScope, type RegistrationId, registrationId } from '@polar-gosling/domain';

/** One GitLab runner object an Egg needs. */
export interface WantedRegistration {
  readonly id: RegistrationId;
  readonly server: string;
  readonly scope: 'project' | 'group';
  readonly scopeId: number;
  /** Projects it must be enabled on besides its owner. */
  readonly alsoProjects: readonly number[];
  readonly at: EggScope;
}

/** One per group; one per server for all its listed projects (the first owns it, the others are enabled on it). */
export function registrationsOf(config: EggConfig): readonly WantedRegistration[] {
  const wanted: WantedRegistration[] = [];
  const servers = new Set(config.scopes.map(({ server }) => server));
  for (const server of servers) {
    const here = config.scopes.filter((one) => one.server === server);
    const [owner, ...others] = here.filter(({ scope }) => scope === 'project');
    if (owner) wanted.push(registration(config, owner, others));
    for (const group of here.filter(({ scope }) => scope === 'group'))
      wanted.push(registration(config, group, []));
  }
  return wanted;
}

function registration(config: EggConfig, at: EggScope, others: readonly EggScope[]): WantedRegistration {
  const { server, scope, scopeId } = at;
  return {
    id: registrationId(config.name, { server, scope, scopeId }),
    server,
    scope,
    scopeId,
    alsoProjects: others.map((one) => one.scopeId),
    at,
  };
}
