import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What the network inside looks like; loopback is always up and nothing else leads anywhere. */
export interface NamespaceOptions {
  /** Content of /etc/resolv.conf; for dns-server.ts `nameserver 127.0.0.1`. */
  readonly resolvConf?: string;
  /** Content of /etc/hosts. */
  readonly hosts?: string;
  /** Files of the machine that are to be others inside: by the path that is there, the path of what is seen instead. */
  readonly files?: Readonly<Record<string, string>>;
  /** Further addresses of this machine, for servers on an address that is not loopback. */
  readonly addresses?: readonly string[];
  /** Addresses (or prefixes) whose packets vanish without an answer: a connect times out. */
  readonly silent?: readonly string[];
  /** Addresses that fail at once: EHOSTUNREACH. */
  readonly unreachable?: readonly string[];
  /** Addresses that fail at once: EACCES. */
  readonly prohibited?: readonly string[];
  /** IPv6 addresses on this side of a link of their own network, whose packets vanish without an answer. */
  readonly silentIpv6?: readonly string[];
  /** Rules of an nft input chain, one per line; needs nft. */
  readonly nftRules?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default 60 s, then everything inside is killed. */
  readonly timeoutMs?: number;
}

/** What the script inside did. */
export interface NamespaceResult {
  /** -1 when it was killed. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whether tests can have a namespace here, and if not, why: the visible reason of a skip. */
export type NamespaceSupport = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Asks by trying. `needs` are the commands that the test uses beside ip and mount, such as `nft`. */
export async function canUnshare(needs: readonly string[] = []): Promise<NamespaceSupport> {
  if (process.platform !== 'linux') return { ok: false, reason: `no namespaces on ${process.platform}` };
  const checks = needs.map(
    (command) => `command -v ${command} >/dev/null || { echo "no ${command} on PATH"; exit 1; }`,
  );
  const { exitCode, stdout, stderr } = await enter([...checks, SILENT_LINK].join('\n'), {
    timeoutMs: 20_000,
  });
  if (exitCode === 0) return { ok: true };
  return { ok: false, reason: `unshare does not work here: ${(stdout + stderr).trim().slice(0, 200)}` };
}

/** Runs a Node script (TypeScript too) as root of a user, network and mount namespace of its own. */
export async function runInNamespace(
  scriptFile: string,
  args: readonly string[] = [],
  options: NamespaceOptions = {},
): Promise<NamespaceResult> {
  const directory = await mkdtemp(path.join(tmpdir(), 'setup-goproxy-netns-'));
  try {
    const lines = await setupLines(directory, options);
    const command = [process.execPath, scriptFile, ...args].map(quote).join(' ');
    return await enter([...lines, `exec ${command}`].join('\n'), options);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A veth pair whose other end has no address: packets to a known neighbour behind it vanish. */
const SILENT_LINK =
  'ip link add silent0 type veth peer name silent1 && ip link set silent1 up && ip link set silent0 up';
const NOBODY = '02:00:00:00:00:01';

async function setupLines(directory: string, options: NamespaceOptions): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const [file, text] of Object.entries({ 'resolv.conf': options.resolvConf, hosts: options.hosts })) {
    if (text === undefined) continue;
    const own = path.join(directory, file);
    await writeFile(own, text.endsWith('\n') ? text : `${text}\n`);
    lines.push(`mount --bind ${quote(own)} /etc/${file}`);
  }
  for (const [there, instead] of Object.entries(options.files ?? {})) {
    lines.push(`mount --bind ${quote(instead)} ${quote(there)}`);
  }
  for (const address of options.addresses ?? []) lines.push(`ip addr add ${quote(address)} dev lo`);
  const silentIpv6 = options.silentIpv6 ?? [];
  if ((options.silent ?? []).length + silentIpv6.length > 0) {
    lines.push(SILENT_LINK, 'ip addr add 192.0.2.254/32 dev silent0');
    lines.push(`ip neigh add 192.0.2.253 lladdr ${NOBODY} dev silent0`);
  }
  const silent = 'via 192.0.2.253 dev silent0 onlink';
  for (const address of options.silent ?? []) lines.push(`ip route add ${quote(address)} ${silent}`);
  for (const address of silentIpv6) {
    lines.push(`ip route add ${quote(address)} dev silent0`);
    lines.push(`ip neigh add ${quote(address)} lladdr ${NOBODY} dev silent0`);
  }
  for (const address of options.unreachable ?? []) lines.push(`ip route add unreachable ${quote(address)}`);
  for (const address of options.prohibited ?? []) lines.push(`ip route add prohibit ${quote(address)}`);
  const rules = options.nftRules ?? [];
  if (rules.length > 0) {
    const chain = `type filter hook input priority 0; policy accept;\n${rules.join('\n')}\n`;
    lines.push(`nft -f - <<'RULES'\ntable ip tests {\nchain input {\n${chain}}\n}\nRULES`);
  }
  return lines;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Runs a shell script in new namespaces, in a process group of its own that dies with the timeout. */
function enter(script: string, options: NamespaceOptions): Promise<NamespaceResult> {
  const shell = `set -e\nip link set lo up\n${script}\n`;
  return new Promise((resolve) => {
    const child = spawn('unshare', ['--user', '--map-root-user', '--net', '--mount', 'sh', '-c', shell], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    let stdout = '';
    let stderr = '';
    const kill = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The group has ended already.
      }
    };
    const timer = setTimeout(kill, options.timeoutMs ?? 60_000);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ exitCode: -1, stdout, stderr: stderr + error.message });
    });
    // Whatever the script left behind would hold the pipes, and the test, for ever.
    child.on('exit', kill);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ exitCode: code ?? -1, stdout, stderr });
    });
  });
}
