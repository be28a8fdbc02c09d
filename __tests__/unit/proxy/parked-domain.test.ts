import { expect, test } from '@jest/globals';
import { isParkedPage } from '../../../src/proxy/parked-domain.ts';

test.each<[string, string, string | undefined, boolean]>([
  ['a script of a service', '<script src="//img.sedoparking.com/x.js"></script>', undefined, true],
  ['an unquoted link', '<a href=https://www.hugedomains.com/domain.cfm?d=x>', undefined, true],
  ['the key against blockers', '<html data-adblockkey="MFwwDQ">', undefined, true],
  [
    'the script of GoDaddy',
    '<script>window.onload=function(){window.location.href="/lander"}</script>',
    undefined,
    true,
  ],
  ['a redirect to a market', '', 'www.afternic.com', true],
  ['a redirect to a market, with a port', '', 'dan.com:443', true],
  ['a login page', '<form action="/login">', 'portal.test', false],
  ['a host that only ends so', '<script src="//notsedo.com/x.js">', 'mydan.com', false],
  ['prose about a service', '<p>This domain is for sale, not by sedo.com.</p>', undefined, false],
])('%s', (_name, text, foreignHost, expected) => {
  expect(isParkedPage({ text, ...(foreignHost === undefined ? {} : { foreignHost }) })).toBe(expected);
});
