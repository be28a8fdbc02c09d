import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rewriteInfo } from '../../../src/fetch/info-file.ts';

const MODULE = { path: 'example.com/m', version: 'v1.2.3' };
const PSEUDO = { path: 'example.com/m', version: 'v0.0.0-20240102030405-abcdefabcdef' };

function rewritten(received: string | Uint8Array, module = MODULE): string {
  const result = rewriteInfo(module, Buffer.from(received));
  return result.kind === 'info' ? Buffer.from(result.bytes).toString() : result.failure.cause;
}

describe('rewriteInfo', () => {
  test.each<[string, string, string]>([
    [
      'keeps Version and Time',
      '{"Version":"v1.2.3","Time":"2024-02-03T04:05:06Z"}',
      '{"Version":"v1.2.3","Time":"2024-02-03T04:05:06Z"}',
    ],
    [
      'drops all else, and white space',
      '{ "Time": "2024-02-03T04:05:06.123456789+02:00", "Origin": {"URL": "x"}, "Version": "v1.2.3" }\n',
      '{"Version":"v1.2.3","Time":"2024-02-03T04:05:06.123456789+02:00"}',
    ],
    ['takes an absent Time', '{"Version":"v1.2.3"}', '{"Version":"v1.2.3"}'],
    ['refuses another version', '{"Version":"v1.2.4"}', 'invalid-info'],
    ['refuses a version with more behind it', '{"Version":"v1.2.3 "}', 'invalid-info'],
    ['refuses a Time that is no date', '{"Version":"v1.2.3","Time":"yesterday"}', 'invalid-info'],
    ['refuses the 30th of February', '{"Version":"v1.2.3","Time":"2024-02-30T04:05:06Z"}', 'invalid-info'],
    ['refuses 24:00', '{"Version":"v1.2.3","Time":"2024-02-03T24:00:00Z"}', 'invalid-info'],
    ['refuses a zone of 25 hours', '{"Version":"v1.2.3","Time":"2024-02-03T04:05:06+25:00"}', 'invalid-info'],
    [
      'refuses a Time with a line break',
      '{"Version":"v1.2.3","Time":"2024-02-03T04:05:06Z\\n"}',
      'invalid-info',
    ],
    ['refuses a number as Time', '{"Version":"v1.2.3","Time":1}', 'invalid-info'],
    ['refuses null as Time', '{"Version":"v1.2.3","Time":null}', 'invalid-info'],
    ['refuses a Version that is no string', '{"Version":1}', 'wrong-content'],
    ['refuses a list', '["v1.2.3"]', 'wrong-content'],
    ['refuses null', 'null', 'wrong-content'],
    ['refuses HTML', '<html></html>', 'wrong-content'],
    ['refuses nothing', '', 'wrong-content'],
    ['refuses two documents', '{"Version":"v1.2.3"}{}', 'wrong-content'],
  ])('%s', (_name, received, expected) => {
    expect(rewritten(received)).toBe(expected);
  });

  test.each<[string, string]>([
    ['the same', '{"Version":"v0.0.0-20240102030405-abcdefabcdef","Time":"2024-01-02T03:04:05Z"}'],
    ['another', '{"Version":"v0.0.0-20240102030405-abcdefabcdef","Time":"1999-01-01T00:00:00Z"}'],
    ['none', '{"Version":"v0.0.0-20240102030405-abcdefabcdef"}'],
  ])('a pseudo-version has its own time, where %s was sent', (_name, received) => {
    expect(rewritten(received, PSEUDO)).toBe(
      '{"Version":"v0.0.0-20240102030405-abcdefabcdef","Time":"2024-01-02T03:04:05Z"}',
    );
  });

  test('refuses what is no UTF-8', () => {
    expect(rewritten(Buffer.from('{"Version":"v1.2.3","x":"\xff"}', 'latin1'))).toBe('wrong-content');
  });

  test('gives the same again for what it gave, and holds nothing else, whatever comes', () => {
    const time = fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31T00:00:00Z') })
      .map((date) => date.toISOString());
    const fields = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(fields, fc.option(time, { nil: undefined }), (more, Time) => {
        const given = rewritten(JSON.stringify({ ...more, Version: MODULE.version, Time }));
        expect(given).toBe(JSON.stringify({ Version: MODULE.version, Time }));
        expect(rewritten(given)).toBe(given);
      }),
    );
  });
});
