export { checkVault } from './check-vault.ts';
export { createVaultSecrets, type VaultSecrets, type VaultSecretsOptions } from './secrets.ts';
export type { VaultLogin } from './vault-calls.ts';
