export type { CallOptions } from '../call.ts';
export { secretErrors } from './errors.ts';
export {
  checkReference,
  checkSecretValue,
  localName,
  locateForWriting,
  locateSecret,
  roleOf,
  type SecretHome,
} from './reference.ts';
export { secretRole } from './role.ts';
export type { SecretCall, SecretStore } from './secret-store.ts';
export { checkSkew, type SelfCheck } from './self-check.ts';
