export type { CallOptions } from '../call.ts';
export { secretErrors } from './errors.ts';
export { checkReference, checkSecretValue } from './reference.ts';
export type { SecretStore } from './secret-store.ts';
