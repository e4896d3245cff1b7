import { describeSecretsContract } from './contract.ts';
import { createMemorySecrets } from './memory.ts';

describeSecretsContract({ name: 'memory', create: createMemorySecrets });
