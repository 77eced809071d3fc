import { rmSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { catchRejection } from "../../../helpers/catch-error.js";
import { ALL, DEVELOPMENT, onBranch, PRODUCTION, sms, TestAccount } from "../../../helpers/local-account.js";
import type { Files } from "../../../helpers/temporary-project.js";

const FILES: Files = {
  "knock/workflows/hello/workflow.json": sms("file"),
  "knock/workflows/other/workflow.json": sms("other"),
};

let test: TestAccount | undefined;
afterEach(() => test?.close());
const open = async (options: Parameters<typeof TestAccount.open>[1] = { isInMemory: true }): Promise<TestAccount> => {
  test = await TestAccount.open(FILES, options);
  return test;
};

const listCommits = async ({ account }: TestAccount, scope = DEVELOPMENT, promoted: boolean | null = null) =>
  (await account.listCommits({ ...scope, ...ALL, promoted })).map(
    ({ resource, message }) => `${resource.id} ${message}`,
  );

describe("a commit", () => {
  it("A-917 takes pushed content and edited, added and deleted files", async () => {
    const account = await open();
    await account.push("workflow", "hello", sms("pushed"));
    account.project.write({ "knock/workflows/added/workflow.json": sms("added") });
    rmSync(account.project.path("knock/workflows/other"), { recursive: true });
    expect(await account.readText("hello", DEVELOPMENT, true)).toBe("file");
    expect(await account.commit(DEVELOPMENT, "First")).toBe(3);
    expect(await account.readText("hello", DEVELOPMENT, true)).toBe("pushed");
    expect(await account.readText("added", DEVELOPMENT, true)).toBe("added");
    expect(await account.readText("other", DEVELOPMENT, true)).toBeNull();
    expect(await account.readText("hello", PRODUCTION)).toBe("file");
    expect(await listCommits(account, DEVELOPMENT, false)).toEqual(["other First", "hello First", "added First"]);
  });

  it("A-917 without changes is rejected, unless an empty one of a resource is asked for", async () => {
    const { account } = await open();
    const commit = (id: string | null, allowEmpty: boolean) =>
      account.commitAll(DEVELOPMENT, { types: ["workflow"], id, message: null, allowEmpty });
    const error = { code: "conflict", message: "there are no changes to commit in development" };
    expect(await catchRejection(commit(null, false))).toMatchObject(error);
    expect(await catchRejection(commit(null, true))).toMatchObject(error);
    expect(await catchRejection(commit("missing", true))).toMatchObject(error);
    expect(await commit("hello", true)).toBe(1);
    expect(await account.promoteAll({ ...ALL, toEnvironment: "production", branch: null })).toBe(1);
  });

  it("A-917 of an invalid file is rejected as a whole", async () => {
    const account = await open();
    await account.account.list(DEVELOPMENT, "workflow", { committedOnly: true });
    account.project.write({
      "knock/workflows/hello/workflow.json": sms("edited"),
      "knock/workflows/other/workflow.json": { name: "W", steps: [{ type: "sm" }] },
    });
    expect(await catchRejection(account.commit())).toMatchObject({
      code: "workflow_invalid",
      message: expect.stringContaining('workflow "other"'),
    });
    expect(await account.readText("hello", DEVELOPMENT, true)).toBe("file");
  });

  it("A-918 decides what the API runs, from the first one on and after a restart", async () => {
    const account = await open({});
    await account.push("workflow", "hello", sms("one"));
    expect(await account.readServedText("hello")).toBe("one");
    expect(account.account.runBranch(DEVELOPMENT)).toBeUndefined();
    await account.commit();
    await account.push("workflow", "hello", sms("two"));
    await account.push("workflow", "new", sms("new"));
    expect(await account.readServedText("hello")).toBe("one");
    expect(await account.readServedText("new")).toBeNull();
    const branch = account.account.runBranch(DEVELOPMENT);
    expect(await account.readServedText("hello", branch)).toBe("two");
    expect(await account.readServedText("new", branch)).toBe("new");
    await account.restart();
    expect(await account.readServedText("hello")).toBe("one");
    expect(await account.readServedText("hello", branch)).toBe("two");
    expect(account.notes.filter((note) => note.includes("uses what is committed"))).toHaveLength(2);
  });

  it("A-918 does not decide it with --uncommitted", async () => {
    const account = await open({ isInMemory: true, uncommitted: true });
    await account.push("workflow", "hello", sms("one"), { commit: true });
    await account.push("workflow", "hello", sms("two"));
    expect(await account.readServedText("hello")).toBe("two");
    expect(account.account.runBranch(DEVELOPMENT)).toBeUndefined();
  });
});

describe("a promotion", () => {
  const promote = ({ account }: TestAccount, options: object = {}) =>
    account.promoteAll({ ...ALL, toEnvironment: "production", branch: null, ...options });

  it("A-919 takes commits to the next environment, all or selected ones", async () => {
    const account = await open();
    await account.push("workflow", "hello", sms("one"), { commit: true, message: "One" });
    await account.push("workflow", "other", sms("one"), { commit: true, message: "One" });
    await account.push("workflow", "other", sms("two"));
    expect(await promote(account, { types: ["workflow"], id: "hello" })).toBe(1);
    expect(await account.readText("other", PRODUCTION)).toBe("other");
    expect(await promote(account)).toBe(1);
    expect(await account.readText("other", PRODUCTION)).toBe("one");
    expect(await listCommits(account, PRODUCTION)).toEqual(["other One", "hello One"]);
    expect(await account.readServedText("other", account.account.runBranch(PRODUCTION))).toBe("one");
    expect(await catchRejection(promote(account))).toMatchObject({
      code: "conflict",
      message: "there are no commits to promote from development to production",
    });
  });

  it("A-919 of one commit takes its own content, once", async () => {
    const account = await open();
    await account.push("workflow", "hello", sms("one"), { commit: true, message: "One" });
    await account.push("workflow", "hello", sms("two"), { commit: true, message: "Two" });
    const [, first] = await account.account.listCommits({ ...DEVELOPMENT, ...ALL, promoted: false });
    const promoted = await account.account.promoteCommit(first?.id ?? "");
    expect(promoted).toMatchObject({ environment: "production", message: "One", promoted: false });
    expect(await account.readText("hello", PRODUCTION)).toBe("one");
    expect(await catchRejection(account.account.promoteCommit(first?.id ?? ""))).toMatchObject({ code: "conflict" });
    expect(await catchRejection(account.account.promoteCommit(promoted.id))).toMatchObject({ code: "conflict" });
    expect(await catchRejection(account.account.promoteCommit("x"))).toMatchObject({ code: "resource_missing" });
    expect(await account.account.getCommit(first?.id ?? "")).toMatchObject({ message: "One", promoted: true });
  });

  it("A-919 passes through environments in order, and to development only from a branch", async () => {
    test = await TestAccount.open({ ...FILES, "knock/environments/staging.json": {} }, { isInMemory: true });
    const staging = { environment: "staging", branch: null };
    await test.push("workflow", "hello", sms("one"), { commit: true });
    expect(await catchRejection(promote(test))).toMatchObject({ message: expect.stringContaining("from staging") });
    await promote(test, { toEnvironment: "staging" });
    expect(await test.readText("hello", staging)).toBe("one");
    expect(await test.readText("hello", PRODUCTION)).toBe("file");
    await promote(test);
    expect(await test.readText("hello", PRODUCTION)).toBe("one");
    for (const options of [{ toEnvironment: "development" }, { branch: "x" }])
      expect(await catchRejection(promote(test, options))).toMatchObject({ code: "invalid_params" });
  });
});

describe("a branch", () => {
  const merge = ({ account }: TestAccount, branch: string) =>
    account.promoteAll({ ...ALL, toEnvironment: "development", branch });

  it("A-927 starts with what is committed, and merges only its commits", async () => {
    const account = await open();
    await account.push("workflow", "hello", sms("uncommitted"));
    expect(await account.account.createBranch("next")).toMatchObject({ slug: "next", last_commit_at: null });
    const scope = onBranch("next");
    expect(await account.readText("hello", scope)).toBe("file");
    await account.push("workflow", "other", sms("committed"), { scope, commit: true, message: "On branch" });
    await account.push("workflow", "new", sms("pushed"), { scope });
    expect(await account.readText("other")).toBe("other");
    expect(await merge(account, "next")).toBe(1);
    expect(await account.readText("other")).toBe("committed");
    expect(await account.readText("new")).toBeNull();
    expect(await account.readText("hello")).toBe("uncommitted");
    expect(await listCommits(account, DEVELOPMENT, false)).toEqual(["other On branch"]);
    expect(await catchRejection(merge(account, "next"))).toMatchObject({ code: "conflict" });
  });

  it("A-927 is used for the X-Knock-Branch header and by workflow run", async () => {
    const account = await open();
    await account.account.createBranch("next");
    const scope = onBranch("next");
    await account.push("workflow", "hello", sms("committed"), { scope, commit: true });
    await account.commit(DEVELOPMENT).catch(() => 0);
    await account.push("workflow", "other", sms("main"), { commit: true });
    await account.push("workflow", "hello", sms("pushed"), { scope });
    expect(account.served.definitions.branches?.()).toEqual(["next"]);
    expect(await account.readServedText("hello", "next")).toBe("committed");
    expect(await account.readServedText("hello", account.account.runBranch(scope))).toBe("pushed");
    const branch = account.served.definitions.branch?.("next");
    expect(branch?.branch?.("next")).toBe(branch);
  });

  it("A-928 conflicts with changes of development, until it is rebased", async () => {
    const account = await open();
    await account.account.createBranch("next");
    const scope = onBranch("next");
    await account.push("workflow", "hello", sms("branch"), { scope, commit: true });
    await account.push("workflow", "hello", sms("main"), { commit: true });
    await account.push("workflow", "other", sms("main"), { commit: true });
    expect(await catchRejection(merge(account, "next"))).toMatchObject({
      code: "conflict",
      message: expect.stringContaining('development has also changed workflow "hello"'),
    });
    await account.account.rebaseBranch("next");
    expect(await account.readText("hello", scope)).toBe("branch");
    expect(await account.readText("other", scope)).toBe("main");
    await merge(account, "next");
    expect(await account.readText("hello")).toBe("branch");
    expect(await account.readText("other")).toBe("main");
  });

  it("A-928 is not rebased over its uncommitted changes of what development has changed", async () => {
    const account = await open();
    await account.account.createBranch("next");
    await account.push("workflow", "hello", sms("draft"), { scope: onBranch("next") });
    await account.push("workflow", "hello", sms("main"), { commit: true });
    expect(await catchRejection(account.account.rebaseBranch("next"))).toMatchObject({
      code: "conflict",
      message: expect.stringContaining('uncommitted changes of workflow "hello"'),
    });
  });

  it("A-929 has a slug of its own, and is deleted with its commits", async () => {
    const { account, project, served } = await open();
    project.write({ "knock/branches/folder/": "" });
    await account.createBranch("next");
    for (const slug of ["next", "main", "folder", "../x", "a b", "~working"])
      expect(await catchRejection(account.createBranch(slug))).toMatchObject({
        code: "invalid_params",
        details: [{ pointer: "/branch_slug" }],
      });
    await account.deleteBranch("next");
    expect(await account.listBranches()).toEqual([]);
    expect(served.definitions.branch?.("next")).toBeNull();
    const requests = [
      () => account.deleteBranch("next"),
      () => account.getBranch("next"),
      () => account.checkScope(onBranch("next")),
    ];
    for (const request of requests)
      await expect(request()).rejects.toMatchObject({ status: 404, code: "branch_not_found" });
    const scope = { environment: "production", branch: "next" };
    expect(await catchRejection(account.checkScope(scope))).toMatchObject({ code: "invalid_params" });
  });
});
