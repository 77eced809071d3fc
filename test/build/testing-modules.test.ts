import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packPackage } from "../helpers/pack-package.js";

const ROOT = resolve(import.meta.dirname, "../..");

/** Tests of a notification that each test runner runs with its own functions. */
const BODY = `
  await engine.notify("new-comment", { recipients: ["grace"], data: { page: "Home" } });
  await engine.untilIdle();`;

const FILES: Record<string, string> = {
  "package.json": '{ "type": "module" }',
  "node.test.js": `
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, test } from "node:test";
import vm from "node:vm";
import { assertNotSent, assertSent, createTestEngine, startFakeProvider } from "knock-cli/testing";
const engine = await createTestEngine({ project: "collab" });
after(() => engine.close());
test("grace gets an email", async () => {${BODY}
  await assertSent(engine, { to: "grace", channel: "email", subject: { contains: "Home" } });
  await assertNotSent(engine, { to: "ada" });
});
test("starts a fake of a provider", async () => {
  const fake = await startFakeProvider("mailgun");
  const response = await fetch(fake.url + "/v3/" + fake.settings.domain + "/messages", { method: "POST" });
  await response.text();
  await fake.close();
  if (response.status !== 401 || fake.requests[0].status !== 401) throw new Error("the fake did not refuse");
});
test("works in a context of its own, as in Jest", async () => {
  const require = createRequire(import.meta.url);
  const context = vm.createContext();
  for (const name of Object.getOwnPropertyNames(globalThis))
    if (!vm.runInContext("Object.hasOwn(globalThis, " + JSON.stringify(name) + ")", context)) context[name] = globalThis[name];
  const load = (file) => {
    const run = vm.runInContext("(function (require, module, exports, __filename, __dirname) {" + readFileSync(file, "utf8") + "\\n})", context);
    const module = { exports: {} };
    const requireOther = (name) => (name === "./main.cjs" ? load(join(file, "..", name)) : createRequire(file)(name));
    run(requireOther, module, module.exports, file, join(file, ".."));
    return module.exports;
  };
  const { assertSent, createTestEngine } = load(join(require.resolve("knock-cli/testing"), "../../testing.cjs"));
  const engine = await createTestEngine({ project: "collab" });
  await engine.notify("invite", { recipients: ["grace"], data: { project: "Apollo", role: "viewer" } });
  await assertSent(engine, { to: "grace", channel: "email" });
  await engine.close();
});
test("fails", async () => {
  await assertSent(engine, { to: "ada" });
});
`,
  "vitest.test.js": `
import { createRequire } from "node:module";
import { expect, test as base } from "vitest";
import { createTestEngine, matchers } from "knock-cli/testing";
import { createVitestFixtures } from "knock-cli/testing/vitest";
const test = base.extend(createVitestFixtures({ project: "collab" }));
test("grace gets an email", async () => {
  const engine = await createTestEngine({ project: "collab" });${BODY}
  await expect(engine).toHaveSent({ to: "grace", channel: "email" });
  await expect(engine).not.toHaveSkipped({ to: "grace" });
  await expect(expect(engine).toHaveSent({ to: "ada" })).rejects.toThrow("at least 1");
  await engine.close();
});
test("fixtures give each test an engine and a scene", async ({ engine, knock, knockServer }) => {
  await engine.notify("new-comment", { recipients: ["ada"], data: { page: "Home" } });
  await expect(engine).toHaveSent({ to: "ada" });
  await knock.seed({ users: [{ id: "own" }] });
  const get = (api) => fetch(api.url + "/v1/users/own", { headers: { authorization: "Bearer " + api.env.KNOCK_API_KEY } });
  expect([(await get(knock)).status, (await get(knockServer)).status]).toEqual([200, 404]);
});
test("a CommonJS module has the same functions", () => {
  const require = createRequire(import.meta.url);
  expect(require("knock-cli/testing").matchers).toBe(matchers);
  require("knock-cli/testing/playwright").createPlaywrightFixtures({ project: "collab" });
  const extended = [];
  globalThis.expect = { extend: (added) => extended.push(added) };
  require("knock-cli/testing/jest");
  expect(extended).toEqual([matchers]);
});
`,
};

/** Calls that the types accept, and calls that they reject. */
const TYPES = `
import { expect, test as base } from "vitest";
import { createVitestFixtures, type KnockFixtures, type KnockWorkerFixtures } from "knock-cli/testing/vitest";
import { createTestEngine, assertSent } from "knock-cli/testing";
interface Workflows {
  "new-comment": { page: string };
  welcome: { name?: string };
}
const engine = await createTestEngine<Workflows>({ time: new Date() });
const { recipients } = await engine.notify("new-comment", { recipients: "ada", data: { page: "Home" } });
const outcome: "sent" | undefined = recipients[0]?.steps[0]?.outcome === "sent" ? "sent" : undefined;
await engine.notify("welcome", { recipients: ["ada", { id: "bo", email: "bo@example.com" }] });
await assertSent(engine, { workflow: "welcome", subject: { contains: String(outcome) } });
// @ts-expect-error an unknown workflow
await engine.notify("welcom", { recipients: "ada" });
// @ts-expect-error a missing property
await engine.notify("new-comment", { recipients: "ada", data: {} });
// @ts-expect-error no data
await engine.notify("new-comment", { recipients: "ada" });
// @ts-expect-error an unknown expectation
await assertSent(engine, { chanel: "email" });
const test = base.extend<KnockFixtures<Workflows> & KnockWorkerFixtures>(createVitestFixtures<Workflows>());
test("typed fixtures", async ({ engine, knock, knockServer }) => {
  await engine.notify("welcome", { recipients: "ada" });
  await expect(engine).toHaveSent({ to: "ada" });
  await expect(engine).not.toHaveSkipped({ reason: "preference" });
  const [message] = await knock.messages({ recipient: "ada" });
  const count: number = (message?.status.length ?? 0) + knockServer.port;
  // @ts-expect-error an unknown filter
  await knock.messages({ user: count });
});
const untyped = await createTestEngine();
await untyped.notify("any", { recipients: "ada", data: { any: 1 } });
`;

/**
 * Prints the errors of files and of our declarations. The declarations of Vitest, which take more than half of the time, are
 * only checked where these use them.
 */
const CHECK_TYPES = `
  const ts = require("typescript");
  const { ES2022: target } = ts.ScriptTarget;
  const { Node16: module } = ts.ModuleKind;
  const { Node16: moduleResolution } = ts.ModuleResolutionKind;
  const strict = { strict: true, exactOptionalPropertyTypes: true, noEmit: true, types: ["node"] };
  const program = ts.createProgram(process.argv.slice(1), { ...strict, target, module, moduleResolution });
  const ours = program.getSourceFiles().filter(({ fileName }) => !/node_modules\\/(?!knock-cli\\/)/.test(fileName));
  const errors = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  if (!ours.some(({ fileName }) => fileName.endsWith("testing.d.cts"))) console.log("our declarations are not checked");
  for (const { file, start, messageText } of errors)
    console.log(file?.fileName, start, ts.flattenDiagnosticMessageText(messageText, "\\n"));`;

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "knock-testing-"));
  const { files } = await packPackage();
  const installed = join(folder, "node_modules/knock-cli");
  for (const { path } of files)
    if (/^(?:package\.json|dist\/)/.test(path)) cpSync(join(ROOT, path), join(installed, path), { recursive: true });
  for (const name of ["vitest", "typescript", "@types/node"]) {
    mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  }
  cpSync(join(ROOT, "fixtures/collab"), join(folder, "collab"), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (script: string, ...args: string[]) =>
  execa(process.execPath, [join(ROOT, "node_modules", script), ...args], {
    cwd: folder,
    reject: false,
    stdin: "ignore",
  });

describe("the packed modules of knock-cli/testing", () => {
  it("work in node:test, which prints why an assertion fails", async () => {
    const { stdout } = await execa(process.execPath, ["--test", "--test-reporter=tap", "node.test.js"], {
      cwd: folder,
      reject: false,
      stdin: "ignore",
      env: { NODE_TEST_CONTEXT: undefined },
    });
    expect(stdout).toMatch(/ok \d - grace gets an email/);
    expect(stdout).toMatch(/ok \d - works in a context of its own, as in Jest/);
    expect(stdout.match(/^not ok/gm)).toHaveLength(1);
    expect(stdout).toMatch(/not ok \d - fails/);
    expect(stdout).toContain("expected the engine to have sent a message (to ada)");
  });

  it("work in Vitest, as ES modules and as CommonJS", async () => {
    const { exitCode, stdout, stderr } = await run("vitest/vitest.mjs", "run", "--root", folder, "vitest.test.js");
    expect(`${stdout}${stderr}`).toMatch(/3 passed/);
    expect(exitCode).toBe(0);
  });

  it("have types that accept right calls and reject wrong ones, in ES modules and CommonJS", async () => {
    writeFileSync(join(folder, "types.mts"), TYPES);
    writeFileSync(
      join(folder, "types.cts"),
      'import { matchers } from "knock-cli/testing";\nexport default matchers;\n',
    );
    const { stdout, stderr } = await execa(process.execPath, ["-e", CHECK_TYPES, "types.mts", "types.cts"], {
      cwd: folder,
      stdin: "ignore",
    });
    expect([stdout, stderr]).toEqual(["", ""]);
  });
});
