export { checkSecretsManager } from './check-secrets.ts';
export { type AwsSecretsOptions, awsSecretsPrefix, createAwsSecrets } from './secrets.ts';
