// Rehearses a release on this computer: publishes the packed package to a registry on loopback, installs it with each package
// manager as a user would, uses it, and removes it. Prints seconds, packages and megabytes, next to those of the official command.
// `node scripts/release/rehearse.mjs [part of a name]` selects installations. --save writes bench/results/installation.json.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { saveResult } from "../../bench/save-result.mjs";
import { installTools } from "../tools.mjs";

const ROOT = join(import.meta.dirname, "../..");
/** An installation from a slow network, or a registry that does not start, must not wait forever. */
const TIMEOUT_MS = 900_000;
const words = process.argv.slice(2).filter((word) => word !== "--save");
const { name: PACKAGE, version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

const tools = await installTools("release");
// Verdaccio needs a newer Node.js than the project.
const executableTools = await installTools("executable");
const newNode = readdirSync(join(executableTools, "node_modules"))
  .map((name) => join(executableTools, "node_modules", name, "bin/node"))
  .find((path) => existsSync(path));
const packageRegistry = (await execa("npm", ["config", "get", "registry"], { cwd: ROOT })).stdout;
const folder = mkdtempSync(join(tmpdir(), "knock-release-"));
/** Undoes what was started, in reverse order. */
const cleanUps = [() => rmSync(folder, { recursive: true, force: true })];

async function cleanUp() {
  for (const undo of cleanUps.splice(0).reverse()) await undo();
}
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => cleanUp().then(() => process.exit(1)));

const listen = (server) =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));

async function findFreePort() {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a registry that has only what is published to it. Returns its address. */
async function startRegistry() {
  const port = await findFreePort();
  const config = join(folder, "registry.yaml");
  const access = { access: "$all", publish: "$all", unpublish: "$all" };
  writeFileSync(
    config,
    JSON.stringify({
      storage: join(folder, "storage"),
      auth: { htpasswd: { file: join(folder, "htpasswd"), max_users: -1 } },
      uplinks: {},
      packages: { "**": access },
      max_body_size: "50mb",
      log: { type: "stdout", level: "error" },
    }),
  );
  const bin = join(tools, "node_modules/verdaccio/bin/verdaccio");
  const child = execa(
    newNode,
    ["--max-old-space-size=1024", bin, "--config", config, "--listen", `127.0.0.1:${port}`],
    {
      reject: false,
      all: true,
      env: { NO_UPDATE_NOTIFIER: "1" },
    },
  );
  cleanUps.push(() => {
    child.kill("SIGKILL");
    return child;
  });
  const address = `http://127.0.0.1:${port}/`;
  const deadline = Date.now() + 30_000;
  for (;;) {
    const isUp = await fetch(`${address}-/ping`).then(
      (response) => response.ok,
      () => false,
    );
    if (isUp) return address;
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`the registry did not start: ${(await child).all}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Starts an HTTP proxy. `state.count` is the number of its requests. */
async function startProxy() {
  const state = { count: 0 };
  const server = createServer((incoming, outgoing) => {
    state.count++;
    const { host, hostname, port, pathname, search } = new URL(incoming.url);
    const options = { host: hostname, port, path: pathname + search, method: incoming.method };
    const forwarded = request({ ...options, headers: { ...incoming.headers, host } }, (response) => {
      outgoing.writeHead(response.statusCode, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.on("connect", ({ url }, socket) => {
    state.count++;
    const { hostname, port } = new URL(`http://${url}`);
    const tunnel = connect(Number(port), hostname, () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    tunnel.pipe(socket).pipe(tunnel);
    for (const end of [tunnel, socket]) end.on("error", () => end.destroy());
  });
  const port = await listen(server);
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${port}`, state };
}

/** Returns the number of packages and the megabytes in a folder. */
async function measureFolder(path) {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  const packages = entries.filter(
    ({ name, parentPath }) => name === "package.json" && /node_modules\/(?:@[^/]+\/)?[^/]+$/.test(parentPath),
  );
  const { stdout } = await execa("du", ["-sk", path]);
  return { packages: packages.length, megabytes: Math.round(Number(stdout.split("\t")[0]) / 102.4) / 10 };
}

/** An empty folder with its own home, in which programs run. */
class Place {
  constructor(registry, more = {}) {
    this.root = mkdtempSync(join(folder, "place-"));
    this.project = join(this.root, "project");
    this.home = join(this.root, "home");
    for (const path of [this.project, this.home]) mkdirSync(path);
    writeFileSync(join(this.project, "package.json"), '{ "name": "app", "version": "1.0.0", "private": true }\n');
    const { HTTP_PROXY, HTTPS_PROXY, http_proxy, https_proxy, ...inherited } = process.env;
    const npmVariables = Object.keys(inherited).filter((name) => /^npm_/i.test(name));
    for (const name of npmVariables) delete inherited[name];
    this.env = {
      ...inherited,
      HOME: this.home,
      XDG_CACHE_HOME: join(this.home, ".cache"),
      XDG_DATA_HOME: join(this.home, ".local/share"),
      XDG_CONFIG_HOME: join(this.home, ".config"),
      PNPM_HOME: join(this.home, "pnpm"),
      npm_config_registry: registry,
      npm_config_prefix: join(this.home, "npm"),
      npm_config_fund: "false",
      npm_config_audit: "false",
      npm_config_update_notifier: "false",
      YARN_REGISTRY: registry,
      YARN_NPM_REGISTRY_SERVER: registry,
      YARN_UNSAFE_HTTP_WHITELIST: "127.0.0.1",
      YARN_ENABLE_TELEMETRY: "0",
      YARN_ENABLE_GLOBAL_CACHE: "false",
      // Yarn waits a day before it installs a new version.
      YARN_NPM_MINIMAL_AGE_GATE: "0",
      CI: "1",
      ...more,
      PATH: [
        join(this.home, "npm/bin"),
        join(this.home, "pnpm"),
        join(this.home, "pnpm/bin"),
        join(this.home, ".yarn/bin"),
        join(tools, "node_modules/.bin"),
        inherited.PATH,
      ].join(":"),
    };
  }

  async run(program, ...args) {
    const result = await execa(program, args, {
      cwd: this.project,
      env: this.env,
      extendEnv: false,
      reject: false,
      all: true,
      timeout: TIMEOUT_MS,
      stdin: "ignore",
    });
    if (result.exitCode !== 0)
      throw new Error(`${program} ${args.join(" ")} ended with ${result.exitCode}\n${result.all}`);
    return result.stdout;
  }

  /** Creates a project, triggers its workflow and runs its scenarios with a command. */
  async use(...command) {
    const [program, ...args] = command;
    await this.run(program, ...args, "init");
    const outcome = await this.run(program, ...args, "notify", "hello", "--recipients", "ada");
    if (!outcome.includes("in-app delivered")) throw new Error(`unexpected outcome: ${outcome}`);
    const tested = await this.run(program, ...args, "test");
    if (!/^\d+ passed/m.test(tested)) throw new Error(`unexpected result: ${tested}`);
  }

  /** Imports the package's module for tests. `node` starts Node.js so that it finds the package. */
  async import(...node) {
    const [program, ...args] = node;
    const uses = [
      ["module", `import { createTestEngine } from "${PACKAGE}/testing"; console.log(typeof createTestEngine)`],
      ["commonjs", `console.log(typeof require("${PACKAGE}/testing").createTestEngine)`],
    ];
    for (const [type, source] of uses) {
      const printed = await this.run(program, ...args, `--input-type=${type}`, "--eval", source);
      if (printed.trim() !== "function") throw new Error(`${type}: ${printed}`);
    }
  }
}

// Both packages call their command `yarn`.
const classic = (...args) => ["node", join(tools, "node_modules/yarn/bin/yarn.js"), ...args];
const yarn = (...args) => ["node", join(tools, "node_modules/@yarnpkg/cli-dist/bin/yarn.js"), ...args];

/** For root, Yarn 1 would use folders of the system. */
const CLASSIC_FOLDERS = ["--prefix", "../home/npm", "--global-folder", "../home/yarn"];

/** How users install the package: the measured folder, the commands that work, and how it is removed. */
const INSTALLATIONS = {
  "npm, global": {
    install: ["npm", "install", "--global", PACKAGE],
    commands: [["knock"], ["knock-cli"]],
    remove: ["npm", "uninstall", "--global", PACKAGE],
    folder: "home/npm",
  },
  "npm, dev dependency": {
    install: ["npm", "install", "--save-dev", PACKAGE],
    commands: [["npx", "knock-cli"]],
    imports: ["node"],
    remove: ["npm", "uninstall", PACKAGE],
    folder: "project/node_modules",
  },
  "npm, without scripts and optional packages": {
    install: ["npm", "install", "--ignore-scripts", "--omit=optional", PACKAGE],
    commands: [["npx", "knock"]],
    imports: ["node"],
    remove: ["npm", "uninstall", PACKAGE],
    folder: "project/node_modules",
  },
  "npm, through a proxy": {
    install: ["npm", "install", PACKAGE],
    commands: [["npx", "knock"]],
    remove: ["npm", "uninstall", PACKAGE],
    folder: "project/node_modules",
    needsProxy: true,
  },
  "npx, one-off": {
    install: ["npx", "--yes", PACKAGE, "--version"],
    commands: [["npx", "--yes", PACKAGE]],
    folder: "home/.npm/_npx",
  },
  "pnpm, global": {
    install: ["pnpm", "add", "--global", PACKAGE],
    commands: [["knock-cli"]],
    remove: ["pnpm", "remove", "--global", PACKAGE],
    folder: "home/pnpm",
  },
  "pnpm, dev dependency": {
    install: ["pnpm", "add", "--save-dev", PACKAGE],
    commands: [["pnpm", "exec", "knock-cli"]],
    imports: ["node"],
    remove: ["pnpm", "remove", PACKAGE],
    folder: "project/node_modules",
  },
  "pnpm, one-off": {
    install: ["pnpm", "dlx", PACKAGE, "--version"],
    commands: [["pnpm", "dlx", PACKAGE]],
    folder: "home",
  },
  "Yarn 1, global": {
    install: classic("global", "add", PACKAGE, ...CLASSIC_FOLDERS),
    commands: [["knock-cli"]],
    remove: classic("global", "remove", PACKAGE, ...CLASSIC_FOLDERS),
    folder: "home/yarn",
  },
  "Yarn, dev dependency": {
    install: yarn("add", "--dev", PACKAGE),
    commands: [yarn("run", "knock-cli")],
    imports: yarn("node"),
    remove: yarn("remove", PACKAGE),
    folder: "project",
  },
  "Yarn, one-off": {
    install: yarn("dlx", PACKAGE, "--version"),
    commands: [yarn("dlx", "--quiet", PACKAGE)],
    folder: "home",
  },
};

const OFFICIAL = {
  "official command, npm, global": { install: ["npm", "install", "--global", "@knocklabs/cli"], folder: "home/npm" },
  "official command, npx": { install: ["npx", "--yes", "@knocklabs/cli", "--version"], folder: "home/.npm/_npx" },
};

async function rehearse(name, { install, commands = [], imports, remove, folder: measured, needsProxy }, registry) {
  const proxy = needsProxy ? await startProxy() : null;
  const place = new Place(registry, proxy ? { npm_config_proxy: proxy.url, npm_config_noproxy: "" } : {});
  try {
    const start = performance.now();
    await place.run(...install);
    const seconds = Math.round((performance.now() - start) / 10) / 100;
    if (proxy?.state.count === 0) throw new Error("nothing was sent through the proxy");
    const size = await measureFolder(join(place.root, measured));
    for (const command of commands) {
      await place.use(...command);
      for (const path of ["knock", "knock.json", ".knock-schemas", ".knock-local"])
        rmSync(join(place.project, path), { recursive: true, force: true });
    }
    if (imports) {
      await place.use(...commands[0]);
      await place.import(...imports);
    }
    if (remove) {
      await place.run(...remove);
      const bins = [join(place.home, "npm/bin"), join(place.project, "node_modules/.bin")].filter(existsSync);
      const left = bins.flatMap((path) => readdirSync(path)).filter((file) => file.startsWith("knock"));
      if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
    }
    return { installation: name, seconds, ...size };
  } finally {
    rmSync(place.root, { recursive: true, force: true });
  }
}

try {
  if (!existsSync(join(ROOT, "dist/main.cjs"))) throw new Error("dist/ is missing; run `npm run build` first");
  await execa("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: ROOT, timeout: TIMEOUT_MS });
  const registry = await startRegistry();
  const publisher = new Place(registry);
  writeFileSync(join(publisher.project, ".npmrc"), `//${new URL(registry).host}/:_authToken=rehearsal\n`);
  await publisher.run("npm", "publish", "--provenance=false", join(folder, `${PACKAGE}-${version}.tgz`));
  const rows = [];
  const failures = [];
  const all = [
    ...Object.entries(INSTALLATIONS).map(([name, installation]) => [name, installation, registry]),
    ...Object.entries(OFFICIAL).map(([name, installation]) => [name, installation, packageRegistry]),
  ].filter(([name]) => words.length === 0 || words.some((word) => name.includes(word)));
  for (const [name, installation, from] of all) {
    try {
      rows.push(await rehearse(name, installation, from));
      console.error(`✓ ${name}`);
    } catch (error) {
      failures.push(name);
      console.error(`✗ ${name}: ${error.message}`);
    }
  }
  console.table(rows);
  saveResult("installation", { version, rows });
  if (failures.length > 0) process.exitCode = 1;
  console.log(failures.length === 0 ? `${rows.length} installations worked` : `failed: ${failures.join("; ")}`);
} finally {
  await cleanUp();
}
