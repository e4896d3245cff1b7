export { checkSecretsManager } from './check-secrets.ts';
export { type AwsMachinesOptions, createAwsMachines } from './machines.ts';
export { type AwsSecretsOptions, awsSecretsPrefix, createAwsSecrets } from './secrets.ts';
