import { describeRunnerStartContract } from './contract.ts';
import { createMemoryRunnerStart } from './memory.ts';

describeRunnerStartContract({
  name: 'memory',
  async create() {
    const cloud = createMemoryRunnerStart(['bba0']);
    return {
      port: cloud.port,
      container: { id: 'bba0', url: 'https://bba0.containers.yandexcloud.net/' },
      taken: () => cloud.taken.map(({ body }) => body),
      answer(how) {
        cloud.answer = how;
      },
    };
  },
});
