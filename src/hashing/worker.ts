import { parentPort } from 'node:worker_threads';
import { GoRuleError } from '../go/go-rule-error.ts';
import { hashZip } from '../go/h1.ts';
import type { HashAnswer, HashQuestion } from './hash-messages.ts';

parentPort?.on('message', (question: HashQuestion) => {
  void answer(question).then((told) => parentPort?.postMessage(told));
});

async function answer({ id, fd, ...limits }: HashQuestion): Promise<HashAnswer> {
  try {
    return { id, hash: await hashZip({ fd }, limits) };
  } catch (error) {
    const isRule = error instanceof GoRuleError;
    const message = error instanceof Error ? error.message : 'unknown error';
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    return { id, error: { isRule, message, ...(code === undefined ? {} : { code }) } };
  }
}
