import type { Clock, IdSource } from '@polar-gosling/kernel';
import { openConfigFile, readSystemId } from './config-file.ts';
import { findJobUser } from './job-user.ts';
import type { RunnerArguments } from './runner-arguments.ts';
import { runnerVersion } from './runner-info.ts';
import type { RunnerLog } from './runner-log.ts';
import { createRunnerStatus } from './running-jobs.ts';
import { startStatusServer } from './status-server.ts';
import { work } from './worker.ts';

/** A runner process: runs until it is told to end. */
export interface SimRunner {
  /** Resolves when it may exit. */
  run(): Promise<void>;
  /** SIGQUIT: asks for no more jobs, ends when the running ones have. */
  quit(): void;
  /** SIGTERM, SIGINT: gives jobs up, ends soon; the second time at once. */
  shutDown(): void;
}

/** Prepares a runner from its arguments; throws a coded error for a wrong configuration or user. */
export function createSimRunner(
  args: RunnerArguments,
  deps: { clock: Clock; ids: IdSource; log: RunnerLog },
): SimRunner {
  const { clock, log } = deps;
  const config = openConfigFile(args.configPath, log);
  const user = args.user === undefined ? undefined : findJobUser(args.user);
  const status = createRunnerStatus(readSystemId(args.configPath, deps.ids));
  const [quit, shutdown, end] = [new AbortController(), new AbortController(), new AbortController()];
  const address = args.listenAddress ?? config.current().listenAddress;
  return {
    async run() {
      log('info', 'Starting the simulated runner', { version: runnerVersion, system_id: status.systemId });
      const server =
        address === undefined
          ? undefined
          : startStatusServer({ status, config: config.current, clock, address, log });
      await work({
        ...deps,
        config,
        status,
        user,
        workingDirectory: args.workingDirectory,
        quit: quit.signal,
        shutdown: shutdown.signal,
        signal: end.signal,
      });
      end.abort();
      server?.close();
      server?.closeAllConnections();
      log('info', 'All workers stopped. Can exit now', {});
    },
    quit() {
      if (quit.signal.aborted) return;
      status.processState = 'graceful-shutdown';
      log('info', 'Starting graceful shutdown, waiting for builds to finish', { builds: status.jobs.size });
      quit.abort();
    },
    shutDown() {
      if (shutdown.signal.aborted) {
        end.abort();
        return;
      }
      status.processState = 'forceful-shutdown';
      log('warning', 'Starting forceful shutdown', { builds: status.jobs.size });
      quit.abort();
      shutdown.abort();
      // Reports that do not get through by then are given up.
      const timeoutMs = config.current().shutdownTimeoutMs;
      void clock.sleep(timeoutMs, end.signal).then(
        () => end.abort(),
        () => undefined,
      );
    },
  };
}
