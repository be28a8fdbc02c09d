import { describe, expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { BodyDrain, SinkError } from '../../../src/proxy/body-drain.ts';
import { RequestError } from '../../../src/proxy/failure.ts';
import { type Received, Receiver } from '../../../src/proxy/response-body.ts';

interface Write {
  readonly text: string;
  readonly position: number;
  readonly done: (error?: Error) => void;
}

/** A sink whose writes end when the test says so. */
function heldSink() {
  const writes: Write[] = [];
  return {
    writes,
    sink: {
      write: (pieces: readonly Uint8Array[], position: number) =>
        new Promise<void>((resolve, reject) => {
          const done = (error?: Error) => (error === undefined ? resolve() : reject(error));
          writes.push({ text: Buffer.concat(pieces).toString(), position, done });
        }),
    },
  };
}

function openDrain() {
  const { sink, writes } = heldSink();
  const events: string[] = [];
  const drain = new BodyDrain(sink, {
    pause: () => events.push('pause'),
    resume: () => events.push('resume'),
    fail: (error) => events.push(error.message),
  });
  return { drain, writes, events };
}

/** Lets what is ready run. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const LARGE = Buffer.alloc(300 << 10, 'x');

describe('BodyDrain', () => {
  test('writes one after the other, what came meanwhile together, each at its position', async () => {
    const { drain, writes } = openDrain();
    drain.push(Buffer.from('ab'));
    drain.push(Buffer.from('c'));
    drain.push(Buffer.from('de'));
    await turn();
    expect(writes.map(({ text, position }) => [text, position])).toEqual([['ab', 0]]);
    writes[0]!.done();
    await turn();
    expect(writes.map(({ text, position }) => [text, position])).toEqual([
      ['ab', 0],
      ['cde', 2],
    ]);
  });

  test('ends when all is written', async () => {
    const { drain, writes } = openDrain();
    let ended = false;
    drain.push(Buffer.from('ab'));
    void drain.end().then(() => {
      ended = true;
    });
    await turn();
    expect(ended).toBe(false);
    writes[0]!.done();
    await turn();
    expect(ended).toBe(true);
  });

  test('stops the connection while too much waits', async () => {
    const { drain, writes, events } = openDrain();
    drain.push(Buffer.from('ab'));
    drain.push(LARGE);
    drain.push(LARGE);
    expect(events).toEqual(['pause']);
    writes[0]!.done();
    await turn();
    expect(events).toEqual(['pause']);
    writes[1]!.done();
    await turn();
    expect(events).toEqual(['pause', 'resume']);
  });

  test('stops only when no write is under way, and writes nothing after it', async () => {
    const { drain, writes } = openDrain();
    let stopped = false;
    drain.push(Buffer.from('ab'));
    drain.push(Buffer.from('cd'));
    void drain.stop().then(() => {
      stopped = true;
    });
    await turn();
    expect(stopped).toBe(false);
    writes[0]!.done();
    await turn();
    drain.push(Buffer.from('ef'));
    await turn();
    expect(stopped).toBe(true);
    expect(writes).toHaveLength(1);
  });

  test('a sink that fails ends it once, by code and without its text', async () => {
    const { drain, writes, events } = openDrain();
    drain.push(Buffer.from('ab'));
    writes[0]!.done(Object.assign(new Error('/secret/path'), { code: 'ENOSPC' }));
    await turn();
    drain.push(Buffer.from('cd'));
    await drain.end();
    expect(events).toEqual(['the body could not be written (ENOSPC)']);
    expect(writes).toHaveLength(1);
  });
});

function receive(status = 200) {
  const { sink, writes } = heldSink();
  const settled: (Received | RequestError)[] = [];
  const events: string[] = [];
  const controller = {
    abort: () => events.push('abort'),
    pause: () => events.push('pause'),
    resume: () => events.push('resume'),
  } as unknown as Dispatcher.DispatchController;
  const receiver = new Receiver({
    plan: () => ({ limitBytes: 1 << 20, over: 'fail', sink }),
    stallMs: 20,
    headersMs: 5000,
    onStart: () => {},
    onStall: () => events.push('stall'),
    onSettled: (result) => settled.push(result),
  });
  receiver.onRequestStart(controller);
  receiver.onResponseStart(controller, status, {});
  return { receiver, controller, writes, settled, events };
}

describe('a Receiver with a sink', () => {
  test('settles after the last write, without a body of its own', async () => {
    const { receiver, controller, writes, settled } = receive();
    receiver.onResponseData(controller, Buffer.from('abc'));
    receiver.onResponseEnd();
    await turn();
    expect(settled).toEqual([]);
    writes[0]!.done();
    await turn();
    expect(settled).toEqual([
      expect.objectContaining({ status: 200, whole: true, bytes: 3, body: Buffer.alloc(0) }),
    ]);
  });

  test('fails only when no write is under way any more', async () => {
    const { receiver, controller, writes, settled, events } = receive();
    receiver.onResponseData(controller, Buffer.from('abc'));
    receiver.fail(new RequestError({ stage: 'http', cause: 'body-timeout', detail: 'x' }));
    await turn();
    expect(settled).toEqual([]);
    expect(events).toEqual(['abort']);
    writes[0]!.done();
    await turn();
    expect(settled).toEqual([expect.objectContaining({ code: 'body-timeout' })]);
  });

  test('waits for the body as long as for any byte, however long the head might have taken', async () => {
    const { receiver, events } = receive();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(events).toEqual(['stall']);
    receiver.fail(new RequestError({ stage: 'http', cause: 'body-timeout', detail: 'x' }));
  });

  test('says when the sink failed', async () => {
    const { receiver, controller, writes, settled, events } = receive();
    receiver.onResponseData(controller, Buffer.from('abc'));
    writes[0]!.done(new Error('full'));
    await turn();
    expect(settled).toEqual([expect.any(SinkError)]);
    expect(events).toEqual(['abort']);
  });

  test('does not take a slow sink for a stall of the peer', async () => {
    const { receiver, controller, writes, settled, events } = receive();
    receiver.onResponseData(controller, LARGE);
    receiver.onResponseData(controller, LARGE);
    receiver.onResponseEnd();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(events).toEqual(['pause']);
    for (let at = 0; at < 2; at++) {
      writes[at]!.done();
      await turn();
    }
    expect(settled).toEqual([expect.objectContaining({ bytes: 2 * LARGE.length })]);
  });

  test('waits for a slow sink when the body has ended', async () => {
    const { receiver, controller, writes, settled, events } = receive();
    receiver.onResponseData(controller, Buffer.from('abc'));
    receiver.onResponseEnd();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(events).toEqual([]);
    writes[0]!.done();
    await turn();
    expect(settled).toEqual([expect.objectContaining({ bytes: 3 })]);
  });

  test('waits for the peer again when the sink has caught up', async () => {
    const { receiver, controller, writes, events } = receive();
    receiver.onResponseData(controller, LARGE);
    writes[0]!.done();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(events).toEqual(['pause', 'resume', 'stall']);
    receiver.fail(new RequestError({ stage: 'http', cause: 'body-timeout', detail: 'x' }));
  });
});
