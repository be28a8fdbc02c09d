import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ACTION_VERSION } from '../../../src/action-version.ts';

test('the version that is told is that of package.json', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(ACTION_VERSION).toBe(version);
});
