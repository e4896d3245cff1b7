import type { ServerProject } from '@polar-gosling/domain';
import type { GitlabProject } from '@polar-gosling/ports/gitlab';
import type { WantedRegistration } from './registrations-of.ts';

/** A project an Egg serves, and through which registration. */
export interface BoundProject {
  readonly key: ServerProject;
  readonly project: GitlabProject;
  readonly wanted: WantedRegistration;
}
