// Checks the lockfile: every package has a digest, comes from the registry and supports Node 20, and packages with install
// scripts are known.
// --vulnerabilities asks the registry for known vulnerabilities instead, and --signatures checks the signatures of the
// packages. Both need the network.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import semver from "semver";

const ROOT = join(import.meta.dirname, "..");

/** The oldest version of Node that contributors and CI use. For a package that excludes it, `npm ci` prints a warning. */
const OLDEST_NODE = "20.20.0";

/** Packages with install scripts, and why the project works without them (`npm ci --ignore-scripts`). */
const PACKAGES_WITH_SCRIPTS = {
  "@photostructure/sqlite": "it contains prebuilt bindings",
  "@modelcontextprotocol/inspector": "it installs graphical clients; tests only use its command line",
  yarn: "it only prints a warning; only npm run check:release uses it",
  esbuild: "the optional package of the platform contains its program",
  protobufjs:
    "its script only prints a warning about version ranges; tests of traces need it through @opentelemetry/sdk-node",
};

/** Returns the problems of a lockfile. */
export function checkLockfile({ lockfileVersion, packages }) {
  const faults = lockfileVersion === 3 ? [] : [`package-lock.json has version ${lockfileVersion}, not 3`];
  // Tools that need a newer version say so, and run with that of tools/executable.
  const needed = semver.minVersion(packages[""]?.engines?.node ?? "*");
  const node = semver.gt(needed, OLDEST_NODE) ? needed : OLDEST_NODE;
  for (const [folder, entry] of Object.entries(packages)) {
    if (folder === "") continue;
    const name = entry.name ?? folder.split("node_modules/").pop();
    if (entry.link === true || /^(git|file|http:)/.test(entry.resolved ?? ""))
      faults.push(`${name} comes from ${entry.resolved}, not from the registry`);
    else if (!/^sha512-/.test(entry.integrity ?? "")) faults.push(`${name}@${entry.version} has no SHA-512 digest`);
    if (!entry.optional && entry.engines?.node && !semver.satisfies(node, entry.engines.node))
      faults.push(`${name}@${entry.version} does not support Node ${node}: ${entry.engines.node}`);
    if (entry.hasInstallScript && !(name in PACKAGES_WITH_SCRIPTS))
      faults.push(`${name}@${entry.version} has an install script; use another package, or add it with a reason`);
  }
  return faults;
}

/** Returns the lockfiles of the project and of the folders in tools/. */
export function readLockfiles() {
  const tools = readdirSync(join(ROOT, "tools")).map((name) => join("tools", name));
  return ["", ...tools].map((folder) => JSON.parse(readFileSync(join(ROOT, folder, "package-lock.json"), "utf8")));
}

function runNpm(args) {
  const { stdout, status } = spawnSync("npm", args, {
    encoding: "utf8",
    timeout: 120_000,
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    return { status, document: JSON.parse(stdout) };
  } catch {
    return { status, document: null };
  }
}

/** Returns the vulnerabilities that the registry knows, or null if it does not offer this. */
function readVulnerabilities() {
  const { document } = runNpm(["audit", "--json", "--audit-level=info"]);
  if (document === null || document.vulnerabilities === undefined) return null;
  return Object.values(document.vulnerabilities).map(
    ({ name, severity, range }) =>
      `${name} ${range} has a known vulnerability (${severity}); run npm audit for details`,
  );
}

/** Returns the packages with a missing or wrong signature, or null if the registry does not sign packages. */
function readSignatureFaults() {
  const { document } = runNpm(["audit", "signatures", "--json"]);
  if (document === null || !Array.isArray(document.invalid)) return null;
  const describe =
    (text) =>
    ({ name, version }) =>
      `${name}@${version} has ${text} signature`;
  return [...document.invalid.map(describe("an invalid")), ...document.missing.map(describe("no"))];
}

function report(faults) {
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}

const ONLINE_CHECKS = {
  "--vulnerabilities": { name: "known vulnerabilities", read: readVulnerabilities },
  "--signatures": { name: "signatures", read: readSignatureFaults },
};

function main() {
  const [flag] = process.argv.slice(2);
  if (flag === undefined) {
    const lockfiles = readLockfiles();
    const faults = lockfiles.flatMap(checkLockfile);
    report(faults);
    const counts = lockfiles.map(({ packages }) => Object.keys(packages).length - 1);
    console.log(`${counts.join(" + ")} locked packages, ${faults.length} problems`);
    return;
  }
  const { name, read } = ONLINE_CHECKS[flag];
  const faults = read();
  report(faults ?? []);
  console.log(
    faults === null ? `notice: the registry has no information about ${name}` : `${name}: ${faults.length} problems`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
