import { arch } from 'node:process';

export const runnerVersion = '19.4.0';
export const runnerRevision = 'simulated';

/** `info` of the coordinator protocol: who we are and what we can do. */
export function runnerInfo() {
  return {
    name: 'gitlab-runner',
    version: runnerVersion,
    revision: runnerRevision,
    platform: process.platform,
    architecture: arch === 'x64' ? 'amd64' : arch,
    executor: 'shell',
    shell: 'bash',
    features: {
      variables: true,
      raw_variables: true,
      refspecs: true,
      trace_checksum: true,
      trace_size: true,
      cancelable: true,
      cancel_gracefully: true,
      return_exit_code: true,
      two_phase_job_commit: true,
    },
    config: { gpus: '' },
  };
}
