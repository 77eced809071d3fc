import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../helpers/eventually.js";
import { type PackedPackage, packPackage } from "../helpers/pack-package.js";

const ROOT = resolve(import.meta.dirname, "../..");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** Node 24 and newer contain SQLite; older versions need a binding. */
const HAS_NODE_SQLITE = Number.parseInt(process.versions.node, 10) >= 24;

const REQUIRED_FILES = [
  ...[
    "package.json",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "THIRD-PARTY-NOTICES.md",
    "bin/knock.js",
    "bin/knock-cli.js",
    "bin/package.json",
  ],
  ...[
    "dist/main.cjs",
    "dist/main-notify.cjs",
    "dist/page.html.br",
    "dist/report.html.br",
    "dist/vendor/mrml_wasm_bg.wasm.br",
  ],
  ...["dist/testing/testing.js", "dist/testing/testing.cjs", "dist/testing/testing.d.ts"],
  ...["schemas/workflow.schema.json", "docs/outcome.schema.json", "docs/guide/first-workflow.md"],
  ...["skills/knock/SKILL.md", "skills/knock/references/scenarios.md", "docs/llms.txt", "docs/llms-full.txt"],
  ...["templates/workflow/batch/workflow.json", "templates/layout/layout.json"],
];
const EXPECTED_FILE = new RegExp(
  [
    "^(?:package\\.json|README\\.md|LICENSE|CHANGELOG\\.md|THIRD-PARTY-NOTICES\\.md|bin/(?:knock(?:-cli)?\\.js|package\\.json))$",
    "^dist/(?:vendor/)?[@\\w./-]+\\.cjs(?:\\.br)?$|^dist/vendor/@pnpm/templates/completion\\.\\w+$|^dist/(?:page|report)\\.html\\.br$|^dist/vendor/mrml_wasm_bg\\.wasm\\.br$",
    "^dist/testing/[\\w-]+\\.(?:js|cjs|d\\.ts|d\\.cts)$",
    "^dist/prebuilds/[\\w-]+/@photostructure\\+sqlite\\.(?:glibc|musl)\\.node$",
    "^templates/(?:[\\w-]+/)+[\\w-]+\\.(?:json|md|html|txt|test\\.yaml)$",
    "^schemas/(?:output/)?[\\w-]+\\.schema\\.json$|^skills/knock/(?:references/[\\w-]+|SKILL)\\.md$|^docs/llms(?:-full)?\\.txt$|^docs/(?:[\\w/-]+\\.schema\\.json|[\\w/-]+\\.(?:md|svg|png))$",
  ].join("|"),
);
/** Documentation for contributors, which stays in the repository. */
const CONTRIBUTOR_FILE = /^docs\/(?:internals|decisions)\//;

let folder: string;
let packed: PackedPackage;

/** Runs a program with a new home folder and npm cache, and without access to the registry. */
function run(program: string, args: readonly string[], cwd = folder) {
  const env = {
    HOME: join(folder, "home"),
    XDG_CACHE_HOME: join(folder, "home", ".cache"),
    KNOCK_CONFIG_DIR: join(folder, "config"),
    npm_config_cache: join(folder, "npm-cache"),
    npm_config_prefix: join(folder, "global"),
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
    PATH: [join(folder, "global", "bin"), process.env.PATH].join(delimiter),
  };
  return execa(program, args, { cwd, env, stdin: "ignore" });
}

/** Runs the commands of a section of the installation page. The packed file is in the working directory. */
function runBlock(section: string) {
  const page = readFileSync(join(ROOT, "docs/guide/installation.md"), "utf8");
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
  const commands = /<!-- not run: the package test runs it -->\n```sh\n([\s\S]*?)```/.exec(text)?.[1] ?? "exit 9";
  return run("/bin/sh", ["-ec", commands]);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "knock-package-"));
  packed = await packPackage();
  cpSync(packed.path, join(folder, packed.filename));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the packed file", () => {
  it("contains the command, schemas, user documentation and notices, and nothing else", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(REQUIRED_FILES));
    expect(paths.filter((path) => !EXPECTED_FILE.test(path) || CONTRIBUTOR_FILE.test(path))).toEqual([]);
  });

  it("contains a SQLite binding for each supported platform", () => {
    const platforms = packed.files.map(({ path }) => /^dist\/prebuilds\/([^/]+)\//.exec(path)?.[1]).filter(Boolean);
    expect([...new Set(platforms)].sort()).toEqual(
      ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64", "win32-arm64", "win32-x64"].sort(),
    );
  });

  it("installs no dependency and runs no script at installation", () => {
    for (const field of ["dependencies", "optionalDependencies", "bundleDependencies"])
      expect(manifest, field).not.toHaveProperty(field);
    // Package managers install no optional peer.
    const optional = Object.keys(manifest.peerDependencies).map((name) => [name, { optional: true }]);
    expect(manifest.peerDependenciesMeta).toEqual(Object.fromEntries(optional));
    // npm also asks users about `prepare` when they install a packed file.
    const installScripts = ["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"];
    expect(Object.keys(manifest.scripts).filter((name) => installScripts.includes(name))).toEqual([]);
  });

  it("declares its metadata", () => {
    expect(manifest).toMatchObject({
      license: "MIT",
      author: expect.any(String),
      bin: { knock: "bin/knock.js", "knock-cli": "bin/knock-cli.js" },
    });
    expect(manifest.engines).toEqual({ node: ">=20.18" });
    expect(manifest.publishConfig).toEqual({ access: "public", provenance: true });
    // Provenance requires the address of the repository. All addresses are added together (decision 37).
    const addresses = ["repository", "bugs", "homepage"].filter((field) => field in manifest);
    expect([0, 3]).toContain(addresses.length);
  });
});

describe("the installed package", () => {
  beforeAll(async () => {
    const { stdout } = await runBlock("Install globally");
    expect(stdout).toMatch(new RegExp(`added 1 package[\\s\\S]*\\n${manifest.version}$`));
  });

  it("runs from the path in an empty folder", async () => {
    const project = join(folder, "project");
    mkdirSync(project);
    expect((await run("knock", ["--version"], project)).stdout).toBe(manifest.version);
    expect((await run("knock", ["init"], project)).stdout).toContain("✓ .knock-schemas/ (");
    const notified = await run("knock", ["notify", "hello", "--recipients", "ada"], project);
    expect(notified.stdout).toContain("ada  ✓ in-app delivered · email sandboxed");
    expect(notified.stderr).toBe("");

    const readyFile = join(folder, "ready.json");
    const dev = run("knock", ["dev", "--port", "0", "--ready-file", readyFile], project);
    const ended = dev.catch((error: unknown) => error as { exitCode?: number });
    const { url } = await eventually(() => existsSync(readyFile) && JSON.parse(readFileSync(readyFile, "utf8")));
    expect(await (await fetch(`${url}/__knock/ready`)).json()).toMatchObject({ ready: true });
    expect(await (await fetch(url)).text()).toContain("<!doctype html>");
    dev.kill("SIGTERM");
    expect((await ended).exitCode).toBe(143);
  });

  it("names itself in help as it was started", async () => {
    const { stdout } = await run("knock-cli", ["cancel", "--help"]);
    expect(stdout).toMatch(/^Usage: knock-cli cancel /);
    expect(stdout).toContain("\n  $ knock-cli cancel ");
  });

  it("runs with npx from the packed file", async () => {
    const { stdout } = await runBlock("Run with npx");
    expect(stdout).toContain("ada  ✓ in-app delivered");
  });

  it("runs in a project that depends on the packed file", async () => {
    const { stdout } = await runBlock("Add it to a project");
    expect(stdout).toMatch(new RegExp(`added 1 package[\\s\\S]*\\n${manifest.version}$`));
  });

  it("names the Node version to use on a platform without a SQLite binding", async () => {
    rmSync(join(folder, "global/lib/node_modules", manifest.name, "dist/prebuilds"), { recursive: true });
    const runs = run("knock", ["runs"], join(folder, "project"));
    if (HAS_NODE_SQLITE) expect((await runs).stdout).toContain("hello");
    else
      await expect(runs).rejects.toMatchObject({
        exitCode: 3,
        stderr: expect.stringMatching(/^error: SQLite is not available for Node .*\nhint: Use Node 24 or newer/),
      });
  });

  it("leaves no file in its prefix when it is removed", async () => {
    expect((await runBlock("Uninstall")).stdout).toContain("removed 1 package");
    const left = readdirSync(join(folder, "global"), { recursive: true, encoding: "utf8" });
    expect(left.filter((path) => /knock/.test(path))).toEqual([]);
  });
});
