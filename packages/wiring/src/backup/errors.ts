import { defineErrors } from '@polar-gosling/kernel';

export const backupErrors = defineErrors('BACKUP', {
  nothing: {
    message: (p: { dataDir: string }) => `there is no instance in ${p.dataDir} to make a backup of`,
    http: 404,
    retry: 'never',
  },
  failed: {
    message: (p: { what: string; reason: string }) => `${p.what} failed: ${p.reason}`,
    http: 500,
    retry: 'never',
  },
  changing: {
    message: (p: { what: string }) => `${p.what} kept changing while it was copied; try again`,
    http: 503,
    retry: 'backoff',
  },
  damaged: {
    message: (p: { file: string; reason: string }) => `${p.file} is no whole backup: ${p.reason}`,
    http: 422,
    retry: 'never',
  },
  newer: {
    message: (p: { file: string; found: number; known: number }) =>
      `${p.file} has schema ${p.found}, this release knows up to ${p.known}: restore it with a newer gosling`,
    http: 409,
    retry: 'never',
  },
  notEmpty: {
    message: (p: { dataDir: string }) =>
      `${p.dataDir} is not empty: restore into another directory, or use --force, which keeps it aside`,
    http: 409,
    retry: 'never',
  },
  inUse: {
    message: (p: { dataDir: string; pid: string }) =>
      `gosling runs on ${p.dataDir} (pid ${p.pid}): stop it before a restore`,
    http: 409,
    retry: 'never',
  },
  wrongKey: {
    message: (p: { path: string }) =>
      `${p.path} does not open the secrets of this backup: put the key there that was kept beside it`,
    http: 422,
    retry: 'never',
  },
});
