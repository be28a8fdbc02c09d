import { describe, expect, test } from '@jest/globals';
import { createClosing } from '../../../src/runner/closing.ts';

describe('what is removed at the end of a step', () => {
  test('after the writes are done', async () => {
    const closing = createClosing();
    const events: string[] = [];
    closing.removeAtEnd(() => events.push('removed'));
    const { promise, resolve } = Promise.withResolvers<void>();
    closing.awaitWrite(promise.then(() => events.push('written')));
    setTimeout(resolve, 20);
    await closing.close(5000);
    expect(events).toEqual(['written', 'removed']);
  });

  test('also when a write never ends', async () => {
    const closing = createClosing();
    let removed = 0;
    closing.removeAtEnd(() => removed++);
    closing.awaitWrite(new Promise(() => {}));
    await closing.close(20);
    expect(removed).toBe(1);
  });

  test('also when a write fails', async () => {
    const closing = createClosing();
    let removed = 0;
    closing.removeAtEnd(() => removed++);
    closing.awaitWrite(Promise.reject(new Error('disk full')));
    await closing.close(5000);
    expect(removed).toBe(1);
  });

  test('not what was taken back', async () => {
    const closing = createClosing();
    const events: string[] = [];
    const forget = closing.removeAtEnd(() => events.push('first'));
    closing.removeAtEnd(() => events.push('second'));
    forget();
    await closing.close(5000);
    expect(events).toEqual(['second']);
  });

  test('all of it, although one cannot be removed', async () => {
    const closing = createClosing();
    let removed = 0;
    closing.removeAtEnd(() => {
      throw new Error('no permission');
    });
    closing.removeAtEnd(() => removed++);
    await closing.close(5000);
    expect(removed).toBe(1);
  });
});
