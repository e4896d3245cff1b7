import type { Brand } from '@polar-gosling/kernel';
import { brand, sha256Hex } from '@polar-gosling/kernel';

/** Name of an Egg or EggsBucket; unique ignoring case over Eggs, buckets and jobs. */
export type EggName = Brand<string, 'EggName'>;
/** Our id of one runner: 26 characters, ordered by time. */
export type RunnerId = Brand<string, 'RunnerId'>;
/** `server#project_id`: one GitLab project on one server. */
export type ServerProject = Brand<string, 'ServerProject'>;
/** `egg#server#scope#scope_id`: one GitLab runner object of ours. */
export type RegistrationId = Brand<string, 'RegistrationId'>;

/** Names that no Egg, bucket or job may have: rows and secrets of our own stand under them. */
export const reservedNames: readonly string[] = ['rift', 'nest', 'mg', 'uf', 'all', 'default'];

const labelForm = /^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;

export function isEggName(text: string): boolean {
  return labelForm.test(text) && !reservedNames.includes(text.toLowerCase());
}

export function eggName(text: string): EggName {
  return brand<EggName>(text);
}

export function runnerId(text: string): RunnerId {
  return brand<RunnerId>(text);
}

export function serverProject(server: string, projectId: number): ServerProject {
  return brand<ServerProject>(`${server.toLowerCase()}#${projectId}`);
}

/** The two halves of a `ServerProject`. */
export function splitServerProject(key: string): { server: string; projectId: number } {
  const at = key.lastIndexOf('#');
  return { server: key.slice(0, at), projectId: Number(key.slice(at + 1)) };
}

export function registrationId(
  egg: string,
  at: { server: string; scope: 'project' | 'group'; scopeId: number },
): RegistrationId {
  return brand<RegistrationId>(`${egg}#${at.server.toLowerCase()}#${at.scope}#${at.scopeId}`);
}

/** A server's host as a part of a secret's name: lower case, `:` written `_`. */
export function serverSlug(server: string): string {
  return server.toLowerCase().replaceAll(':', '_');
}

/** The name of a thing in a cloud: a readable slug of at most 40 characters and 8 hex digits that tell equals apart. */
export function physicalName(kind: string, name: string): string {
  const slug = `${kind}-${name}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return `${slug}-${sha256Hex(`${kind}\0${name}`).slice(0, 8)}`;
}

const systemIdLetters = 12;

/** GitLab's `system_id` of a runner manager, derived from our runner id so that each names the other (`r_` + 12). */
export function systemIdOf(runner: RunnerId): string {
  return `r_${sha256Hex(`system-id\0${runner}`).slice(0, systemIdLetters)}`;
}

/** The id a launch always gets, however often the same decision is repeated. */
export function launchKey(egg: string, jobId: string, slot: number): string {
  return `${egg}/${jobId}/${slot}`;
}
