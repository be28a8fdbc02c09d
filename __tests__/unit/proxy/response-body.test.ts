import { describe, expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { RequestError } from '../../../src/proxy/failure.ts';
import { type BodyPlan, type Received, Receiver } from '../../../src/proxy/response-body.ts';

/** Feeds a receiver the way undici does, and returns what it said. */
function receive(
  plan: BodyPlan,
  feed: (receiver: Receiver, controller: Dispatcher.DispatchController) => void,
) {
  const settled: (Received | RequestError)[] = [];
  const aborts: unknown[] = [];
  const controller = {
    abort: (reason: unknown) => aborts.push(reason),
  } as unknown as Dispatcher.DispatchController;
  const receiver = new Receiver({
    plan: () => plan,
    stallMs: 5000,
    onStart: () => {},
    onStall: () => {},
    onSettled: (result) => settled.push(result),
  });
  receiver.onRequestStart(controller);
  feed(receiver, controller);
  return { settled, aborts: aborts.length };
}

const data = (size: number) => Buffer.alloc(size, 'x');

describe('Receiver', () => {
  test('gives the whole body up to the limit, and settles once', () => {
    const { settled, aborts } = receive({ limitBytes: 10, over: 'fail' }, (receiver, controller) => {
      receiver.onResponseStart(controller, 103, {});
      receiver.onResponseStart(controller, 200, {});
      receiver.onResponseData(controller, data(4));
      receiver.onResponseData(controller, data(6));
      receiver.onResponseEnd();
      receiver.onResponseError(controller, new Error('late'));
    });
    expect(settled).toEqual([expect.objectContaining({ status: 200, whole: true, body: data(10) })]);
    expect(settled[0]).toMatchObject({ flow: { bytes: 6 } });
    expect(aborts).toBe(0);
  });

  test.each<[string, BodyPlan, number, object]>([
    ['fails', { limitBytes: 10, over: 'fail' }, 11, { code: 'too-large', stage: 'content' }],
    ['is cut', { limitBytes: 10, over: 'cut' }, 11, { whole: false, body: data(10) }],
  ])('a body over the limit %s, and ends the connection', (_name, plan, size, expected) => {
    const { settled, aborts } = receive(plan, (receiver, controller) => {
      receiver.onResponseStart(controller, 200, {});
      receiver.onResponseData(controller, data(size));
    });
    expect(settled).toHaveLength(1);
    expect(settled[0]).toMatchObject(expected);
    expect(aborts).toBe(1);
  });

  test('a length over the limit fails before the body', () => {
    const { settled } = receive({ limitBytes: 10, over: 'fail' }, (receiver, controller) => {
      receiver.onResponseStart(controller, 200, { 'content-length': '11' });
    });
    expect(settled[0]).toBeInstanceOf(RequestError);
  });

  test('an error page that breaks off is an answer, a file that breaks off is none', () => {
    const broken = (status: number) =>
      receive({ limitBytes: 10, over: 'cut' }, (receiver, controller) => {
        receiver.onResponseStart(controller, status, {});
        receiver.onResponseData(controller, data(4));
        receiver.onResponseError(controller, Object.assign(new Error('x'), { code: 'UND_ERR_SOCKET' }));
      }).settled[0];
    expect(broken(502)).toMatchObject({ status: 502, whole: false, body: data(4) });
    expect(broken(200)).toMatchObject({ code: 'truncated' });
  });
});
