import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readNotes, writeReleaseFiles } from "../../scripts/release/release-files.mjs";

const BIN = resolve("bin/knock.js");
const VERSION = JSON.parse(readFileSync("package.json", "utf8")).version as string;
const CHANGELOG = `# Changelog\n\n## [Unreleased]\n\n## [${VERSION}] - 2026-12-01\n\n### Added\n\n- It works.\n\n## [0.0.1] - 2026-01-01\n`;
/** The path of the files of a release on GitHub. */
const RELEASE_PATH = `/ada/knock/releases/download/v${VERSION}`;
const ARCHIVE = `knock-${process.platform}-${process.arch}.tar.gz`;

let root: string;
let home: string;
let release: string;
let server: Server;
let address: string;
/** Changes the archive that the server sends. */
let answer: ((archive: Buffer) => Buffer) | undefined;
let requests: string[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "knock-install-"));
  release = join(root, "release");
  mkdirSync(release);
  const program = join(root, "knock");
  if (process.env.KNOCK_TEST_EXECUTABLE) copyFileSync(resolve(process.env.KNOCK_TEST_EXECUTABLE), program);
  else writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`, { mode: 0o755 });
  execFileSync("tar", ["-czf", join(release, ARCHIVE), "-C", root, "knock"]);
  server = createServer((request, response) => {
    requests.push(request.url ?? "");
    const path = join(release, (request.url ?? "").replace(RELEASE_PATH, "").slice(1));
    if (!existsSync(path)) return void response.writeHead(404).end();
    const bytes = readFileSync(path);
    response.end((path.endsWith(ARCHIVE) && answer?.(bytes)) || bytes);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeReleaseFiles(release, "https://git.example/ada/knock", { version: VERSION, changelog: CHANGELOG });
});

afterAll(async () => {
  await new Promise((done) => server.close(done));
  rmSync(root, { recursive: true, force: true });
});

beforeEach(() => {
  home = mkdtempSync(join(root, "home with späce-"));
  answer = undefined;
  requests = [];
});

/** Runs the script of the release. `programs` replace programs that it calls, by their names. */
async function install(env: Record<string, string> = {}, programs: Record<string, string> = {}, cwd = root) {
  const folder = mkdtempSync(join(root, "programs-"));
  for (const [name, output] of Object.entries(programs))
    writeFileSync(join(folder, name), `#!/bin/sh\n${output}\n`, { mode: 0o755 });
  const { exitCode, stdout, stderr } = await execa("sh", [join(release, "install.sh")], {
    env: { PATH: `${folder}:${process.env.PATH}`, HOME: home, TMPDIR: root, KNOCK_INSTALL_ADDRESS: address, ...env },
    extendEnv: false,
    cwd,
    reject: false,
    timeout: 500_000,
  });
  return { exitCode, stdout, stderr };
}

const installed = () => join(home, ".local/bin/knock");

describe.skipIf(process.platform === "win32")("the install script", () => {
  it("installs a command that runs, without root, and says what to add to the path", async () => {
    expect(await install()).toEqual({
      exitCode: 0,
      stdout: `installed knock ${VERSION} in ${home}/.local/bin\nAdd it to your PATH: export PATH="${home}/.local/bin:$PATH"`,
      stderr: "",
    });
    expect(String(execFileSync(installed(), ["--version"]))).toBe(`${VERSION}\n`);
    expect(requests).toEqual([`/${ARCHIVE}`]);
  });

  it("replaces an earlier version", async () => {
    mkdirSync(join(home, "bin"));
    writeFileSync(join(home, "bin/knock"), "#!/bin/sh\necho 0.0.1\n", { mode: 0o755 });
    const folder = join(home, "bin");
    const { stdout } = await install({ KNOCK_INSTALL_FOLDER: folder });
    expect(stdout).toContain(`installed knock ${VERSION} in ${folder}, in place of 0.0.1`);
    expect(String(execFileSync(join(folder, "knock"), ["--version"]))).toBe(`${VERSION}\n`);
  });

  it("installs twice at the same time, in a folder that is named relative to the current one", async () => {
    const runs = await Promise.all([1, 2, 3].map(() => install({ KNOCK_INSTALL_FOLDER: "bin" }, {}, home)));
    expect(runs.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(runs.map(() => [0, ""]));
    expect(readdirSync(join(home, "bin"))).toEqual(["knock"]);
    expect(runs[0]?.stdout).toContain(`installed knock ${VERSION} in ${home}/bin`);
  });

  it("says which program is missing before it downloads", async () => {
    const folder = mkdtempSync(join(root, "few-"));
    const link = (...names: string[]) => {
      for (const name of names)
        symlinkSync(execFileSync("which", [name], { encoding: "utf8" }).trim(), join(folder, name));
    };
    link("sh", "uname", "getconf", "sed", "sort", "head", "grep", "cut");
    expect((await install({ PATH: folder })).stderr).toContain("error: neither sha256sum nor shasum is installed");
    link(process.platform === "darwin" ? "shasum" : "sha256sum");
    expect((await install({ PATH: folder })).stderr).toBe("error: tar is not installed");
    expect(requests).toEqual([]);
  });

  it("keeps another program of the same name, and installs beside it under another one", async () => {
    const folder = join(home, "bin");
    mkdirSync(folder);
    writeFileSync(join(folder, "knock"), "#!/bin/sh\necho @knocklabs/cli/1.1.2 linux-x64\n", { mode: 0o755 });
    expect(await install({ KNOCK_INSTALL_FOLDER: folder })).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `error: ${folder}/knock is another program, or was cut off\nhint: Set KNOCK_INSTALL_NAME=knock-cli to install beside it, or delete it.`,
    });
    expect(requests).toEqual([]);
    expect((await install({ KNOCK_INSTALL_FOLDER: folder, KNOCK_INSTALL_NAME: "knock-cli" })).exitCode).toBe(0);
    expect(readFileSync(join(folder, "knock"), "utf8")).toContain("@knocklabs");
  });

  it.each([
    ["was cut off", (archive: Buffer) => archive.subarray(0, archive.length - 10)],
    ["is empty", () => Buffer.alloc(0)],
    ["was changed", (archive: Buffer) => Buffer.concat([archive, Buffer.from("x")])],
  ])("installs nothing from a download that %s", async (_how, change) => {
    answer = change;
    const { exitCode, stdout, stderr } = await install();
    expect([exitCode, stdout, existsSync(installed())]).toEqual([1, "", false]);
    expect(stderr).toMatch(
      /^error: \S+ was cut off or changed on its way: its checksum is \w+, not \w{64}\nhint: Nothing was installed/,
    );
  });

  it("installs nothing if the file cannot be downloaded, and names its address", async () => {
    const { exitCode, stderr } = await install({ KNOCK_INSTALL_ADDRESS: `${address}/missing` });
    expect([exitCode, existsSync(installed())]).toEqual([1, false]);
    expect(stderr).toContain(
      `error: ${address}/missing/${ARCHIVE} could not be downloaded\nhint: Check your connection`,
    );
  });

  it.each([
    [
      "an unknown system",
      { uname: 'case "$1" in -s) echo Plan9 ;; *) echo x86_64 ;; esac' },
      "there is no executable for Plan9",
    ],
    [
      "an unknown processor",
      { uname: 'case "$1" in -s) echo Linux ;; *) echo riscv64 ;; esac' },
      "there is no executable for processors of type riscv64",
    ],
    [
      "a platform that the release lacks",
      { uname: 'case "$1" in -s) echo Darwin ;; *) echo arm64 ;; esac' },
      "this release has no executable for darwin-arm64",
    ],
    [
      "an old glibc",
      { uname: 'case "$1" in -s) echo Linux ;; *) echo x86_64 ;; esac', getconf: "echo glibc 2.17" },
      "this system has glibc 2.17, and the executable needs 2.28 or newer",
    ],
    [
      "no glibc",
      { uname: 'case "$1" in -s) echo Linux ;; *) echo x86_64 ;; esac', getconf: "exit 1" },
      "this system has no glibc, which the executable needs",
    ],
  ])("says what to do on %s", async (_what, programs, message) => {
    expect(await install({}, programs)).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `error: ${message}\nhint: Install it with npm (npm install --global knock-cli), or run the image.`,
    });
    expect(requests).toEqual([]);
  });

  it("does nothing if it was cut off itself", async () => {
    const script = readFileSync(join(release, "install.sh"), "utf8");
    for (const length of [0.3, 0.6, 0.9, 0.99].map((part) => Math.floor(script.length * part))) {
      const options = {
        input: script.slice(0, length),
        env: { HOME: home, KNOCK_INSTALL_ADDRESS: address },
        reject: false,
      } as const;
      await execa("sh", options);
    }
    expect([requests, existsSync(installed())]).toEqual([[], false]);
  });

  it("names the folder that cannot be written", async () => {
    writeFileSync(join(home, "file"), "");
    const { exitCode, stderr } = await install({ KNOCK_INSTALL_FOLDER: join(home, "file/bin") });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`error: ${home}/file/bin cannot be created`)]);
  });
});

describe.skipIf(process.platform === "win32")("the action setup", () => {
  /** Runs the script of the action, as a job of GitHub Actions does. */
  async function setUp(env: Record<string, string>) {
    const { exitCode, stdout, stderr } = await execa("bash", [resolve("actions/setup/install.sh")], {
      env: {
        INPUT_SOURCE: "executable",
        INPUT_VERSION: VERSION,
        COMMAND_FOLDER: join(home, "tools/knock"),
        RUNNER_TEMP: home,
        GITHUB_SERVER_URL: address,
        ACTION_REPOSITORY: "ada/knock",
        HOME: home,
        KNOCK_INSTALL_ADDRESS: `${address}${RELEASE_PATH}`,
        ...env,
      },
      reject: false,
      timeout: 60_000,
    });
    return { exitCode, stdout, stderr, program: join(home, "tools/knock/knock") };
  }

  it("installs the executable with the script of the release", async () => {
    const { exitCode, program } = await setUp({});
    expect([exitCode, requests]).toEqual([0, [`${RELEASE_PATH}/install.sh`, `${RELEASE_PATH}/${ARCHIVE}`]]);
    expect(String(execFileSync(program, ["--version"]))).toBe(`${VERSION}\n`);
  });

  it("fails without a program if the checksum differs, or the release is missing", async () => {
    answer = (archive) => Buffer.concat([archive, Buffer.from("x")]);
    const changed = await setUp({});
    expect([changed.exitCode, existsSync(changed.program)]).toEqual([1, false]);
    expect(changed.stderr).toContain("its checksum is");
    const missing = await setUp({ INPUT_VERSION: "9.9.9" });
    expect([missing.exitCode, existsSync(missing.program)]).toEqual([22, false]);
    expect(missing.stderr).toContain("404");
  });

  it("installs exactly the version from npm", async () => {
    const programs = mkdtempSync(join(root, "programs-"));
    writeFileSync(join(programs, "npm"), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
    const { stdout, exitCode } = await setUp({ INPUT_SOURCE: "npm", PATH: `${programs}:${process.env.PATH}` });
    const folder = join(home, "tools/knock");
    expect([exitCode, stdout.split("\n")]).toEqual([
      0,
      ["install", "--prefix", folder, "--no-audit", "--no-fund", "--no-save", `knock-cli@${VERSION}`],
    ]);
  });
});

describe("the files of a release", () => {
  it("have the checksum of each archive, and addresses of the release", () => {
    const sums = readFileSync(join(release, "SHA256SUMS"), "utf8");
    expect(sums).toMatch(new RegExp(`^[0-9a-f]{64}  ${ARCHIVE}\n$`));
    const formula = readFileSync(join(release, "knock-cli.rb"), "utf8");
    expect(formula).toContain(`url "https://git.example/ada/knock/releases/download/v${VERSION}/${ARCHIVE}"`);
    expect(formula).toContain(`sha256 "${sums.slice(0, 64)}"`);
    expect(readFileSync(join(release, "notes.md"), "utf8")).toBe("### Added\n\n- It works.\n");
  });

  it("need a section of the changelog for the version", () => {
    expect(() => readNotes(CHANGELOG, "0.2.0")).toThrow(
      "CHANGELOG.md has no section [0.2.0]; write it before you release",
    );
    expect(() => readNotes(CHANGELOG, "0.0.1")).toThrow("no section [0.0.1]");
  });
});
