import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { openAccountDatabase } from "../../../../src/features/dev/account/account-database.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { catchRejection } from "../../../helpers/catch-error.js";
import { DEVELOPMENT, PRODUCTION, sms, TestAccount } from "../../../helpers/local-account.js";
import type { Files } from "../../../helpers/temporary-project.js";

const FILES: Files = {
  "knock/workflows/hello/workflow.json": sms("file"),
  "knock/workflows/other/workflow.json": sms("other"),
};
const UNCOMMITTED = { committedOnly: false };

let test: TestAccount | undefined;
afterEach(() => test?.close());
const open = async (...args: Parameters<typeof TestAccount.open>): Promise<TestAccount> => {
  test = await TestAccount.open(...args);
  return test;
};

describe("the first start", () => {
  it("A-910 commits the project's files to all environments, and stores nothing before the first request", async () => {
    const { account, project } = await open(FILES);
    expect(existsSync(project.path(".knock-local"))).toBe(false);
    const workflows = await account.list(PRODUCTION, "workflow", { committedOnly: true });
    expect(workflows.map(({ id, active, valid }) => ({ id, active, valid }))).toEqual([
      { id: "hello", active: true, valid: true },
      { id: "other", active: true, valid: true },
    ]);
    expect(readdirSync(project.path(".knock-local"))).toContain("account.db");
    const commits = await account.listCommits({ ...DEVELOPMENT, types: null, id: null, promoted: null });
    expect(commits.map(({ resource, message, promoted }) => [resource.id, message, promoted])).toEqual([
      ["other", "Project files", true],
      ["hello", "Project files", true],
    ]);
  });

  it("A-910 names a file that cannot be read, and starts when it is fixed", async () => {
    const { account, project } = await open({ ...FILES, "knock/workflows/bad/workflow.json": "{" });
    const list = () => account.list(DEVELOPMENT, "workflow", UNCOMMITTED);
    expect(await catchRejection(list())).toMatchObject({
      code: "workflow_invalid",
      message: expect.stringContaining("knock/workflows/bad/workflow.json:1"),
    });
    project.write({ "knock/workflows/bad/workflow.json": sms("fixed") });
    expect((await list()).map(({ id }) => id)).toEqual(["bad", "hello", "other"]);
  });

  it("A-910 reports an account that is damaged", async () => {
    const opened = await open(FILES);
    await opened.account.list(DEVELOPMENT, "workflow", UNCOMMITTED);
    opened.closeAccount();
    const path = opened.project.path(".knock-local/account.db");
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0x7f, 4096));
    expect(await catchRejection(opened.restart())).toMatchObject({
      code: "store_unusable",
      message: expect.stringContaining("account.db is damaged"),
    });
  });

  it("A-911 lists environments in the order of promotion", async () => {
    const { account } = await open({ ...FILES, "knock/environments/staging.json": {} });
    expect((await account.listEnvironments()).map(({ slug, name, order }) => [slug, name, order])).toEqual([
      ["development", "Development", 0],
      ["staging", "Staging", 1],
      ["production", "Production", 2],
    ]);
    const scope = { environment: "test", branch: null };
    expect(await catchRejection(account.checkScope(scope))).toMatchObject({
      code: "resource_missing",
      message: expect.stringContaining("development, staging, production"),
    });
  });
});

describe("a push", () => {
  it("A-912 takes precedence over the file until the file changes, and survives a restart", async () => {
    const account = await open(FILES);
    await account.push("workflow", "hello", sms("pushed"));
    expect(await account.readText("hello")).toBe("pushed");
    expect(await account.readServedText("hello")).toBe("pushed");
    await account.restart();
    expect(await account.readServedText("hello")).toBe("pushed");
    account.project.write({ "knock/workflows/hello/workflow.json": sms("edited") });
    account.served.reload();
    expect(await account.readServedText("hello")).toBe("edited");
    expect(await account.readText("hello")).toBe("edited");
  });

  it("A-912 changes no file, and says once where the content is kept", async () => {
    const account = await open(FILES);
    const before = readFileSync(account.project.path("knock/workflows/hello/workflow.json"), "utf8");
    await account.push("workflow", "hello", sms("pushed"));
    await account.push("workflow", "new", sms("pushed"));
    expect(readFileSync(account.project.path("knock/workflows/hello/workflow.json"), "utf8")).toBe(before);
    expect(existsSync(account.project.path("knock/workflows/new"))).toBe(false);
    expect(account.notes).toEqual([expect.stringContaining("kept in .knock-local/account.db; add --write")]);
  });

  it("A-912 does not say that content is kept if it could not be stored", async () => {
    const account = await open(FILES);
    await account.account.get(DEVELOPMENT, { type: "workflow", id: "hello" }, UNCOMMITTED);
    const database = await openAccountDatabase(account.project.path(".knock-local/account.db"));
    database.run("CREATE TRIGGER fail BEFORE INSERT ON drafts BEGIN SELECT RAISE(ABORT, 'full'); END");
    database.close();
    await catchRejection(account.push("workflow", "hello", sms("pushed")));
    expect(account.notes).toEqual([]);
    expect(await account.readText("hello")).toBe("file");
  });

  it("A-912 of equal content changes nothing", async () => {
    const account = await open(FILES);
    const ref = { type: "workflow", id: "hello" } as const;
    const before = await account.account.get(DEVELOPMENT, ref, UNCOMMITTED);
    const { steps, name } = sms("file");
    expect(await account.push("workflow", "hello", { steps: steps ?? [], name: name ?? "" })).toEqual(before);
    expect(account.notes).toEqual([]);
  });

  it("resolves references to what was pushed before", async () => {
    const account = await open(FILES);
    await account.push("email_layout", "basic", {
      name: "B",
      html_layout: "<html>{{content}}</html>",
      text_layout: "{{content}}",
    });
    const template = { subject: "Hi", html_body: "<p></p>", settings: { layout_key: "basic" } };
    const mail = { ref: "email_1", type: "channel", channel_type: "email", channel_key: "mail", template };
    const pushed = await account.push("workflow", "mail", { name: "M", steps: [mail] });
    expect(pushed).toMatchObject({ valid: true, active: true });
    const unknown = { ...mail, template: { ...template, settings: { layout_key: "basics" } } };
    expect(await catchRejection(account.push("workflow", "mail", { name: "M", steps: [unknown] }))).toMatchObject({
      code: "workflow_invalid",
      details: [{ pointer: "/steps/0/template/settings/layout_key" }],
    });
  });

  it("A-913 rejects a document with a pointer for each finding, and stores nothing", async () => {
    const account = await open(FILES);
    const steps: JsonObject[] = [
      { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "text", template: { text_body: "{{ a" } },
      { ref: "delay_1", type: "delay", settings: {} },
    ];
    const error = await catchRejection(account.push("workflow", "hello", { name: "W", steps, unknown_key: 1 }));
    expect(error.code).toBe("workflow_invalid");
    expect(error.details.map(({ pointer }: { pointer: string }) => pointer)).toContain("/steps/1/settings");
    expect(await account.readText("hello")).toBe("file");
    const text = await catchRejection(account.push("workflow", "hello", { name: "W", steps: steps.slice(0, 1) }));
    expect(text.details).toEqual([expect.objectContaining({ pointer: "/steps/0/template/text_body" })]);
    expect(text.details[0]).not.toHaveProperty("file");
  });

  it.each([
    ["partial", "footer", { name: "F", type: "text", content: "{% if %}" }, "/content"],
    ["email_layout", "basic", { name: "B", html_layout: "{{ a", text_layout: "{{content}}" }, "/html_layout"],
    ["message_type", "banner", { name: "B", variants: [{}] }, "/variants/0/key"],
    ["guide", "tour", { name: "T", channel_key: "g", steps: [{ ref: "a" }] }, "/steps/0/schema_key"],
    ["audience", "beta", { name: "B", type: "dynamics" }, "/type"],
    ["translation", "en", { locale_code: "en", format: "json", content: '{"a": 1}' }, "/content"],
    ["schema", "user", { properties: {} }, "/properties"],
    ["workflow", "../hello", sms("x"), "/key"],
    ["translation", "../en", { locale_code: "../en", format: "json", content: "{}" }, "/key"],
    ["schema", "objects/../x", { properties: [] }, "/key"],
    ["workflow", "hello", { name: "W", steps: [{ "template@": "../../secret" }] }, "/steps/0/template@"],
  ] as const)("A-913 points at what is invalid in a %s %s", async (type, id, content, pointer) => {
    const account = await open(FILES, { isInMemory: true });
    const error = await catchRejection(
      account.account.validate(DEVELOPMENT, { type, id, content: { ...content } } as never),
    );
    expect(["invalid_params", "workflow_invalid"]).toContain(error.code);
    expect(error.details.map((detail: { pointer: string }) => detail.pointer)).toContain(pointer);
  });

  it("A-914 to production needs force", async () => {
    const account = await open(FILES);
    const push = (force: boolean) => account.push("workflow", "hello", sms("hotfix"), { scope: PRODUCTION, force });
    expect(await catchRejection(push(false))).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("push to development, or use force"),
    });
    await push(true);
    expect(await account.readText("hello", PRODUCTION)).toBe("hotfix");
    expect(await account.readText("hello", PRODUCTION, true)).toBe("file");
    expect(await account.readText("hello")).toBe("file");
  });

  it("A-950 lists translations by locale, then namespace", async () => {
    const names = ["de/shop.de", "en/en", "de/de", "en/admin.en", "en/shop.en"];
    const account = await open(
      Object.fromEntries(names.map((name) => [`knock/translations/${name}.json`, { a: "A" }])),
    );
    expect(await account.account.listIds(DEVELOPMENT, "translation", UNCOMMITTED)).toEqual([
      "de",
      "shop.de",
      "en",
      "admin.en",
      "shop.en",
    ]);
  });

  it("rejects an ID that differs only in case from another", async () => {
    const account = await open({ "knock/translations/en-US/en-US.json": { a: "A" } }, { isInMemory: true });
    const content = { locale_code: "en-us", namespace: "", format: "json", content: "{}" };
    expect(await catchRejection(account.push("translation", "en-us", content))).toMatchObject({
      details: [{ pointer: "/key", message: 'differs only in case from "en-US"' }],
    });
  });

  it("keeps line ends and large templates", async () => {
    const account = await open(FILES);
    const large = `${"x".repeat(10_000_000)}\r\n`;
    await account.push("workflow", "hello", sms(large));
    expect(await account.readText("hello")).toBe(large);
    expect((await account.readServedText("hello"))?.includes("\r")).toBe(false);
  });
});

describe("two processes on one project", () => {
  it("start one account, and see each other's pushes and commits", async () => {
    const first = await open(FILES);
    const second = await first.openBeside();
    const list = ({ account }: TestAccount) =>
      account.listCommits({ ...DEVELOPMENT, types: null, id: null, promoted: null });
    const [commits] = await Promise.all([list(first), list(second)]);
    expect(commits).toHaveLength(2);
    await first.push("workflow", "hello", sms("one"), { commit: true });
    await second.push("workflow", "hello", sms("two"));
    expect(await second.readText("hello", DEVELOPMENT, true)).toBe("one");
    expect(await first.readText("hello")).toBe("two");
    expect(await list(second)).toHaveLength(3);
    second.closeAccount();
  });

  it("leave nothing of an operation that fails in the middle", async () => {
    const account = await open(FILES);
    const before = await account.account.listCommits({ ...DEVELOPMENT, types: null, id: null, promoted: null });
    await account.push("workflow", "hello", sms("one"));
    await account.push("workflow", "other", sms("one"));
    const database = await openAccountDatabase(account.project.path(".knock-local/account.db"));
    database.run(
      "CREATE TRIGGER fail BEFORE INSERT ON commits WHEN NEW.resource = 'other' BEGIN SELECT RAISE(ABORT, 'x'); END",
    );
    database.close();
    await expect(account.commit()).rejects.toThrow();
    expect(await account.account.listCommits({ ...DEVELOPMENT, types: null, id: null, promoted: null })).toEqual(
      before,
    );
    expect(await account.readText("hello", DEVELOPMENT, true)).toBe("file");
    expect(await account.readText("hello")).toBe("one");
  });
});

describe("a status", () => {
  it("A-915 belongs to an environment and needs no commit", async () => {
    const account = await open(FILES);
    const ref = { type: "workflow", id: "hello" } as const;
    await account.account.activate(PRODUCTION, ref, { active: false });
    expect((await account.account.get(PRODUCTION, ref, UNCOMMITTED))?.active).toBe(false);
    expect((await account.account.get(DEVELOPMENT, ref, UNCOMMITTED))?.active).toBe(true);
    expect((await account.account.activate(DEVELOPMENT, ref, { active: false })).active).toBe(false);
    expect((await account.served.definitions.workflow("hello"))?.active).toBe(false);
    const missing = { type: "workflow", id: "helo" } as const;
    expect(await catchRejection(account.account.activate(DEVELOPMENT, missing, { active: true }))).toMatchObject({
      code: "resource_missing",
    });
  });

  it("A-915 of the file applies again when the file changes it", async () => {
    const account = await open(FILES);
    const ref = { type: "workflow", id: "hello" } as const;
    expect((await account.account.activate(DEVELOPMENT, ref, { active: false })).active).toBe(false);
    account.project.write({ "knock/workflows/hello/workflow.json": { ...sms("file"), active: true } });
    expect((await account.account.get(DEVELOPMENT, ref, UNCOMMITTED))?.active).toBe(true);
  });
});

it("A-916 archives an audience in all environments", async () => {
  const account = await open({ "knock/audiences/beta/audience.json": { name: "Beta", type: "static" } });
  const ref = { type: "audience", id: "beta" } as const;
  await account.account.archive(DEVELOPMENT, ref);
  for (const scope of [DEVELOPMENT, PRODUCTION])
    expect(await account.account.list(scope, "audience", UNCOMMITTED)).toEqual([]);
  expect(await account.served.definitions.audiences()).toEqual([]);
  expect(await catchRejection(account.account.archive(DEVELOPMENT, ref))).toMatchObject({ code: "resource_missing" });
});
