import { describe, expect, test } from '@jest/globals';
import { createLog, type LogSink } from '../../../src/runner/log.ts';

/** A sink that keeps what it was given. */
function recordingSink(): { readonly sink: LogSink; readonly events: readonly (readonly unknown[])[] } {
  const events: (readonly unknown[])[] = [];
  const record =
    (kind: string) =>
    (...values: readonly unknown[]) => {
      events.push([kind, ...values]);
    };
  const sink: LogSink = {
    line: record('line'),
    mask: record('mask'),
    startGroup: record('group'),
    endGroup: record('end'),
    annotate: record('annotate'),
    debug: record('debug'),
  };
  return { sink, events };
}

const EVIL = 'a\r::error::b\n##[add-mask]c\x1b[31m';

describe('createLog', () => {
  test.each([
    ['info', (log: ReturnType<typeof createLog>) => log.info(EVIL)],
    ['debug', (log: ReturnType<typeof createLog>) => log.debug(EVIL)],
    ['a notice', (log: ReturnType<typeof createLog>) => log.notice(EVIL, EVIL)],
    ['a warning', (log: ReturnType<typeof createLog>) => log.warning(EVIL, EVIL)],
    ['an error', (log: ReturnType<typeof createLog>) => log.error(EVIL, EVIL)],
    ['a section', (log: ReturnType<typeof createLog>) => log.section({ title: EVIL, lines: [EVIL] })],
  ])('%s is inert', (_name, write) => {
    const { sink, events } = recordingSink();
    write(createLog(sink));
    expect(events.length).toBeGreaterThan(0);
    expect(JSON.stringify(events)).not.toMatch(/::|##\[|\\r|\\u001b/);
  });

  test('secrets are masked before anything else, and gone from everything after', () => {
    const { sink, events } = recordingSink();
    const log = createLog(sink);
    log.protect([{ user: 'bob', password: 'p@ss' }]);
    expect(events.every(([kind]) => kind === 'mask')).toBe(true);
    expect(events.map(([, value]) => value)).toEqual(expect.arrayContaining(['p@ss', 'p%40ss']));
    const before = events.length;
    log.info('x p@ss y');
    log.debug('p%40ss');
    log.warning('p@ss', 'p@ss');
    log.section({ title: 'p@ss', lines: ['p@ss'] });
    expect(JSON.stringify(events.slice(before))).not.toMatch(/p@ss|p%40ss/);
    expect(log.redact('p@ss')).toBe('***');
  });

  test('a second secret does not unprotect the first, and nothing is masked twice', () => {
    const { sink, events } = recordingSink();
    const log = createLog(sink);
    log.protect([{ password: 'first' }]);
    log.protect([{ password: 'second' }]);
    const masks = events.map(([, value]) => value);
    expect(new Set(masks).size).toBe(masks.length);
    expect(log.redact('first second')).toBe('*** ***');
  });

  test('a very short secret is told once', () => {
    const { sink, events } = recordingSink();
    const log = createLog(sink);
    log.protect([{ password: 'ab' }]);
    log.protect([]);
    expect(events.filter(([kind]) => kind === 'annotate')).toHaveLength(1);
  });

  test('an annotation of ours keeps its lines', () => {
    const { sink, events } = recordingSink();
    createLog(sink).warning('one\ntwo', 'title');
    expect(events).toEqual([['annotate', 'warning', 'one\ntwo', { title: 'title' }]]);
  });

  test('an annotation can be about a line of a file', () => {
    const { sink, events } = recordingSink();
    const place = { title: 'title', file: 'sub/go\u0007.mod', line: 7 };
    createLog(sink).annotate('error', 'text', place);
    expect(events).toEqual([['annotate', 'error', 'text', { ...place, file: 'sub/go.mod' }]]);
  });

  test('a sink that throws changes nothing', () => {
    const broken = (): never => {
      throw new Error('EPIPE');
    };
    const sink = {
      line: broken,
      mask: broken,
      startGroup: broken,
      endGroup: broken,
      annotate: broken,
      debug: broken,
    };
    const log = createLog(sink);
    expect(() => {
      log.protect([{ password: 'secret' }]);
      log.info('x');
      log.warning('x');
      log.debug('x');
      log.section({ title: 'x', lines: ['x'] });
    }).not.toThrow();
  });
});
