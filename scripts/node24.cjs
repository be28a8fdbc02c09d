'use strict';
// Runs a command of this project on Node 24, the action's runtime (DESIGN: dependencies), whatever `node` the
// machine has: `node scripts/node24.cjs FILE ARGS…`. Node 24 comes from the running node when it is one, else
// from the platform package that the lockfile pins as an optional dependency (npm's `node` package would
// install it by a script, outside the lockfile). CommonJS and ES2018, so that any old node can read it.
const { spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const path = require('node:path');

const MAJOR = 24;

function findNode() {
  if (Number(process.versions.node.split('.')[0]) === MAJOR) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const file = path.join('bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const packaged = path.join(__dirname, '..', 'node_modules', `node-${platform}-${process.arch}`, file);
  return existsSync(packaged) ? packaged : undefined;
}

const node = findNode();
if (node === undefined) {
  process.stderr.write(
    `setup-goproxy: this needs Node ${MAJOR}, but the running node is ${process.version} and the lockfile has ` +
      `no Node ${MAJOR} for ${process.platform}-${process.arch}: install Node ${MAJOR} (see .node-version) and try again, ` +
      `or run 'npm ci' if node_modules is missing.\n`,
  );
  process.exit(1);
}

const env = { ...process.env, PATH: path.dirname(node) + path.delimiter + (process.env.PATH || '') };
const child = spawn(node, process.argv.slice(2), { stdio: 'inherit', env });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  process.stderr.write(`setup-goproxy: cannot start ${node}: ${error.message}\n`);
  process.exitCode = 1;
});
child.on('exit', (code, signal) => {
  process.exitCode = signal === null ? code : 1;
});
