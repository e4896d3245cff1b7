import type { EggName } from '../names.ts';

/** Which Eggs serve a project, as the store has it. */
export interface BindingFacts {
  readonly egg: EggName;
  readonly repo?: string;
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
}

/** What the choice between matching Eggs needs to know of each. */
export interface EggRoom {
  readonly egg: EggName;
  /** Jobs it may still take on: concurrent − running − waiting ones already its demand. */
  readonly room: number;
  /** Jobs its idle runners could start right now. */
  readonly idle: number;
  readonly refusedBecause?: 'frozen' | 'failing' | 'backoff' | 'leaving';
}

/** The states of a CI job in GitLab. */
export type CiJobStatus =
  | 'created'
  | 'preparing'
  | 'waiting_for_resource'
  | 'waiting_for_callback'
  | 'scheduled'
  | 'manual'
  | 'pending'
  | 'running'
  | 'canceling'
  | 'canceled'
  | 'success'
  | 'failed'
  | 'skipped';

export interface Candidate {
  readonly egg: EggName;
  readonly matches: boolean;
  readonly missingTags: readonly string[];
  readonly extraTags: number;
}

export type Assignment =
  | {
      readonly kind: 'egg';
      readonly egg: EggName;
      /** It waits there because no matching Egg could take it now. */
      readonly because?: 'egg_full' | 'frozen' | 'backoff' | 'failing';
    }
  | {
      readonly kind: 'none';
      readonly reason: 'no_matching_egg' | 'egg_full' | 'frozen' | 'backoff' | 'failing';
    };
