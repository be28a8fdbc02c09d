import { expect, test } from '@jest/globals';
import { diagnoseLog } from '../../../src/diagnosis/log-diagnosis.ts';
import { gravestAbout } from '../../../src/later/ask-go.ts';

const MODULE = { path: 'a.test/b', version: 'v1.0.0' };
const line = (name: string, status: string) =>
  `go: ${name}: reading https://proxy.test/${name.replace('@', '/@v/')}.zip: ${status}`;
const OWN_500 = line('a.test/b@v1.0.0', '500 Internal Server Error');
const OWN_403 = line('a.test/b@v1.0.0', '403 Forbidden');
const OTHER_403 = line('a.test/other@v1.0.0', '403 Forbidden');
const OTHER_VERSION_403 = line('a.test/b@v1.1.0', '403 Forbidden');
const NAMELESS = 'go: zip: not a valid zip file';

test.each<[string, readonly string[], string | undefined]>([
  ['nothing that is recognised', ['hello'], undefined],
  ['the gravest class about the module', [OWN_500, OWN_403], OWN_403],
  ['the first of one class', [OWN_500, OWN_500.replace('500', '502')], OWN_500],
  ['the module before others', [OTHER_403, OWN_500], OWN_500],
  ['the version before others', [OTHER_VERSION_403, OWN_500], OWN_500],
  ['what names none before what names another', [OTHER_403, NAMELESS], NAMELESS],
  ['what names the module before what names none', [NAMELESS, OWN_500], OWN_500],
  ['what names another, when that is all', [OTHER_403], OTHER_403],
])('%s', (_, lines, told) => {
  expect(gravestAbout(diagnoseLog(lines), MODULE)?.text).toBe(told);
});
