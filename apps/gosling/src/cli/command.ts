import type { Clock, IdSource, Masker } from '@polar-gosling/kernel';
import type { CliConfig, Environment } from '../config.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import type { Prompter } from './prompter.ts';

/** What every command gets. Nothing is read from the process behind its back. */
export interface CliContext {
  readonly config: CliConfig;
  /** What is wrong with the environment; only a command that takes `hasBadConfig` meets any. */
  readonly configProblems: readonly string[];
  /** The whole environment, for what a command hands on (`up`, `runner`). */
  readonly env: Environment;
  readonly output: Output;
  readonly prompter: Prompter;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Everything printed of a failure goes through it; told each secret that is read. */
  readonly masker: Masker;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  readonly cwd: string;
  /** The command table, for help that is made of it. */
  readonly commands: readonly CommandSpec[];
  readonly flags: { readonly json: boolean; readonly offline: boolean; readonly debug: boolean };
}

/** The arguments and options of one call, by the names they have in the help. */
export interface CommandInput {
  /** A required argument. */
  argument(name: string): string;
  arguments(name: string): readonly string[];
  text(option: string): string | undefined;
  texts(option: string): readonly string[];
  flag(option: string): boolean;
}

export type Command = (context: CliContext, input: CommandInput) => Promise<ExitCode>;

export interface OptionSpec {
  /** As in the help: `--egg NAME`, or `--yes`. */
  readonly flags: string;
  readonly about: string;
  readonly choices?: readonly string[];
  readonly fallback?: string;
  readonly repeats?: boolean;
}

export interface CommandSpec {
  /** `status`, `add egg`. */
  readonly path: string;
  readonly summary: string;
  readonly details?: string;
  /** `NAME`, `[PATH...]`: commander's grammar without the angle brackets. */
  readonly arguments?: readonly { readonly name: string; readonly about: string }[];
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** Runs although the environment has problems: it explains them. */
  readonly hasBadConfig?: true;
  /**
   * `abort` (default): the first signal aborts, the second ends the process. `graceful`: signals only abort;
   * the command ends itself, with 0 whenever they come: to be told to end is no failure. `own`: the command installs its own handlers.
   */
  readonly signals?: 'abort' | 'graceful' | 'own';
  load(): Promise<{ readonly run: Command }>;
}
