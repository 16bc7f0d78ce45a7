/** Loaded before a worker: runs the code that its parent made of it (plain-code.ts) and hands in on stdin, by path. */
const { readFileSync } = require('node:fs');

const code = JSON.parse(readFileSync(0, 'utf8'));
require.extensions['.ts'] = (module, file) => module._compile(code[file], file);
