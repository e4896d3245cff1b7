import type { EggConfig, EnvironmentValue, Limits, RunnerType, UglyFoxConfig } from '@polar-gosling/domain';
import type { Diagnostic, MothergooseBlock } from '@polar-gosling/fly';

/** One text of the Nest, by its path inside the repository (`Eggs/my-app/config.fly`). */
export interface NestFile {
  readonly path: string;
  readonly text: string;
  /** Where it stands on a disk: over 1 MiB it is a finding, and its text need not be here. */
  readonly sizeBytes?: number;
}

export interface NestOptions {
  /** Name of the environment in force; its file is `Envs/NAME.fly`. Absent: the defaults of the variables. */
  readonly environment?: string;
  /** One process on one machine: an Egg that names no cloud runs here. */
  readonly embedded: boolean;
  /** What no Egg may pass, whatever the Nest says. */
  readonly limits?: Limits;
  /** All files of the Nest as they were: an Egg that got another name since is told. */
  readonly before?: readonly NestFile[];
}

/** A self-management job of `Jobs/`. */
export interface JobConfig {
  readonly name: string;
  /** Cron line, UTC. */
  readonly schedule: string;
  readonly script: string;
  readonly runner: { readonly type: RunnerType | 'auto'; readonly tags: readonly string[] };
  /** Whom a failure is told to, besides `notifications`. */
  readonly notify: readonly string[];
  readonly sourceFile: string;
}

/** `MG/config.fly`: the cloud of the services, and of Eggs that name none; all else is for `gosling deploy`. */
export interface MotherGooseConfig {
  readonly cloud?: { readonly provider: EggConfig['cloud']['provider']; readonly region?: string };
  readonly values: MothergooseBlock['values'];
  readonly sourceFile: string;
}

/** `notifications` of `Nest.fly`: where failures, escalations and alarms go. */
export interface NotificationsConfig {
  readonly email: readonly string[];
  readonly webhook?: EnvironmentValue;
}

/** What became of one file. */
export interface FileReport {
  readonly path: string;
  /** Not ok: nothing of it is in this reading; what was last read of it stays in force. */
  readonly ok: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Files it depends on that are not ok, so that it cannot be read either. */
  readonly blockedBy: readonly string[];
}

/** A whole Nest, checked: the blocks of the good files, and what is wrong with the others. */
export interface NestRead {
  readonly eggs: readonly EggConfig[];
  readonly jobs: readonly JobConfig[];
  /** Absent: there is none, or its file is not ok (see `perFile`). */
  readonly uglyfox?: UglyFoxConfig;
  readonly mothergoose?: MotherGooseConfig;
  readonly notifications?: NotificationsConfig;
  /** All of them, by file and place. */
  readonly diagnostics: readonly Diagnostic[];
  readonly perFile: readonly FileReport[];
}
