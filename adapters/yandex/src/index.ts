export { type CloudCalls, type CloudCallsOptions, createCloudCalls } from './cloud-calls.ts';
export { createIamTokens, type IamTokens, type YandexIdentity, yandexErrors } from './iam-tokens.ts';
export { createYandexMachines } from './machines.ts';
export { createYandexRunnerStart } from './runner-start.ts';
