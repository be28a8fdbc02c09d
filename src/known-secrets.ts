import type { GoEnv } from './go/go-env.ts';
import { GoRuleError } from './go/go-rule-error.ts';
import { type NetrcLine, readNetrc } from './go/netrc.ts';
import { userinfosIn } from './proxy/userinfo.ts';
import type { Inputs } from './runner/inputs.ts';
import type { Log } from './runner/log.ts';
import { goValue } from './setting.ts';

/** Variables of the environment whose value is a URL, or a list of URLs, with a login in it at times. */
const URL_VARIABLES: readonly string[] = [
  'HTTP_PROXY',
  'http_proxy',
  'HTTPS_PROXY',
  'https_proxy',
  'ALL_PROXY',
  'all_proxy',
  'GOPROXY',
];

/** Masks the logins in inputs and environment; to be called before anything of them is logged. */
export function protectInputs({ proxies, mirrors, gosumdb }: Inputs, log: Log): void {
  const variables = URL_VARIABLES.map((name) => process.env[name] ?? '');
  log.protect([proxies, mirrors, gosumdb, ...variables].flatMap(userinfosIn));
}

/** Masks the logins in the values that go works with, whoever set them. */
export function protectGoEnv(goEnv: GoEnv, log: Log): void {
  log.protect([goValue(goEnv, 'GOPROXY'), goValue(goEnv, 'GOSUMDB')].flatMap(userinfosIn));
}

/** The logins of netrc, and what could not be read of it. */
export interface Logins {
  readonly lines: readonly NetrcLine[];
  readonly notes: readonly string[];
}

/** Reads and masks the logins of netrc. One that cannot be read is told, and costs only its logins. */
export async function readLogins(log: Log): Promise<Logins> {
  try {
    const lines = await readNetrc(process.env);
    log.protect(lines.map(({ login, password }) => ({ user: login, password })));
    return { lines, notes: [] };
  } catch (error) {
    if (!(error instanceof GoRuleError)) throw error;
    return { lines: [], notes: [error.message] };
  }
}
