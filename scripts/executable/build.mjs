// Builds the standalone executable for this platform: a copy of Node.js that contains the files of the npm package.
// `node scripts/executable/build.mjs [file]` writes it to a file, dist-executable/knock by default. Run `npm run build` first.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { platform } from "node:process";
import { execa } from "execa";
import { installNode } from "./install-node.mjs";

const FOLDER = import.meta.dirname;
const ROOT = join(FOLDER, "../..");
const MAX_BYTES = 150e6;
const TIMEOUT_MS = 600_000;
const EXTENSION = platform === "win32" ? ".exe" : "";
const output = resolve(process.argv[2] ?? join(ROOT, `dist-executable/knock${EXTENSION}`));

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

/** Copies Node.js without its symbols, which are a fifth of its size. Windows keeps them in another file. Returns whether they remain. */
async function copyNode(node, copy) {
  copyFileSync(node, copy);
  if (platform === "win32") return false;
  const { failed } = await execa("strip", platform === "darwin" ? ["-x", copy] : [copy], {
    reject: false,
    timeout: TIMEOUT_MS,
  });
  if (failed) console.error("notice: strip (of binutils) is missing or failed, so the executable is 30 MB larger");
  return failed;
}

/** Returns the files of the npm package that the executable contains, by their names in it. */
async function listFiles() {
  const { stdout } = await execa("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: ROOT,
    timeout: TIMEOUT_MS,
  });
  const names = JSON.parse(stdout)[0].files.map(({ path }) => path);
  // Node.js has SQLite, and tests in code need the npm package.
  const needed = names.filter((name) => !/^dist\/(?:prebuilds|testing)/.test(name));
  return {
    ...Object.fromEntries(needed.map((name) => [name, join(ROOT, name)])),
    "thread.cjs": join(FOLDER, "thread.cjs"),
  };
}

if (!existsSync(join(ROOT, "dist/main.cjs"))) fail("dist/ is missing; run `npm run build` first");
const folder = mkdtempSync(join(tmpdir(), "knock-executable-"));
try {
  const node = await installNode().catch(({ message }) => fail(message));
  const copy = join(folder, `node${EXTENSION}`);
  const built = join(folder, `knock${EXTENSION}`);
  const hasSymbols = await copyNode(node, copy);
  const config = join(folder, "config.json");
  const settings = {
    main: join(FOLDER, "main.cjs"),
    executable: copy,
    output: built,
    assets: await listFiles(),
    useVfs: true,
    disableExperimentalSEAWarning: true,
  };
  writeFileSync(config, JSON.stringify(settings));
  await execa(node, ["--build-sea", config], { timeout: TIMEOUT_MS });
  // macOS runs only signed programs. This signature names no one; the release signs with a certificate.
  if (platform === "darwin") await execa("codesign", ["--sign", "-", "--force", built], { timeout: TIMEOUT_MS });
  const { size } = statSync(built);
  if (size > MAX_BYTES && !hasSymbols) fail(`the executable has ${size} bytes, and its limit is ${MAX_BYTES}`);
  mkdirSync(dirname(output), { recursive: true });
  // A copy, because the temporary folder may be on another disk; renamed, because the file may be running.
  copyFileSync(built, `${output}.new`);
  renameSync(`${output}.new`, output);
  console.log(`${output}: ${(size / 1e6).toFixed(1)} MB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
