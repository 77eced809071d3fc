// Loaded before a command, which it kills at one of its steps: a change of a file, a request, a response or a statement of a
// database. KNOCK_TEST_KILL is {"at": n}, which also counts the steps into "file" if the command ends before; for a server, it is
// {"fraction": f}, which stands for the steps of the third command that talks to it: as many as the second one had.
// {"full": n} kills nothing: the nth write and all later ones find a full disk.
const fs = require("node:fs");
const http = require("node:http");

const { at = 0, file, fraction, full = 0 } = JSON.parse(process.env.KNOCK_TEST_KILL);
const { writeFileSync } = fs;
let killAt = at;
let steps = 0;
let commands = 0;

const step = () => {
  steps++;
  if (steps === killAt) process.kill(process.pid, "SIGKILL");
};

/** Makes every call of a method fail as on a full disk, from the nth call of these methods on. */
let writes = 0;
function failWhenFull(method) {
  const call = fs[method];
  fs[method] = (path, ...args) => {
    if (++writes < full) return call(path, ...args);
    const message = `ENOSPC: no space left on device, write '${path}'`;
    throw Object.assign(new Error(message), { code: "ENOSPC", errno: -28, syscall: "write", path });
  };
}
if (full > 0) for (const method of ["writeFileSync", "copyFileSync", "mkdirSync", "mkdtempSync"]) failWhenFull(method);

/** Counts the calls of a method as steps. */
function count(owner, method, isStep = () => true) {
  const call = owner[method];
  owner[method] = function (...args) {
    if (isStep(...args)) step();
    return call.apply(this, args);
  };
}

for (const method of ["writeFileSync", "renameSync", "copyFileSync", "mkdirSync", "mkdtempSync", "rmSync", "chmodSync"])
  count(fs, method);

if (fraction === undefined) {
  count(http, "request");
  // "finish": the request was sent, and nothing of its response was read.
  count(http.ClientRequest.prototype, "emit", (name) => name === "finish" || name === "response");
  process.on("exit", () => writeFileSync(file, String(steps)));
} else {
  count(http.Server.prototype, "emit", (name, request) => {
    if (name === "request" && request.url.startsWith("/v1/whoami") && ++commands >= 2) {
      killAt = commands === 3 ? Math.ceil(steps * fraction) : 0;
      steps = 0;
    }
    return name === "request";
  });
  count(http.ServerResponse.prototype, "end");
  count(http.ServerResponse.prototype, "emit", (name) => name === "finish");
  // The prebuilt binding of SQLite is an addon.
  const { dlopen } = process;
  process.dlopen = (binding, ...args) => {
    dlopen(binding, ...args);
    const { DatabaseSync, StatementSync } = binding.exports;
    if (DatabaseSync !== undefined) count(DatabaseSync.prototype, "exec");
    if (StatementSync !== undefined) count(StatementSync.prototype, "run");
  };
}
