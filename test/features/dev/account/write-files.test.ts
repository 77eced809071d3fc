import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/util/json.js";
import { catchRejection } from "../../../helpers/catch-error.js";
import { ALL, onBranch, sms, TestAccount } from "../../../helpers/local-account.js";
import type { Files } from "../../../helpers/temporary-project.js";

const FOLDER = "knock/workflows/hello";
const SCENARIO = `${FOLDER}/hello.test.json`;
const FILES: Files = {
  [`${FOLDER}/workflow.json`]: {
    name: "W",
    steps: [
      {
        ref: "sms_1",
        type: "channel",
        channel_type: "sms",
        channel_key: "text",
        template: { "text_body@": "sms_1/text_body.txt" },
      },
    ],
    __readonly: { key: "hello", active: true, valid: true },
    $schema: "https://schemas.knock.app/cli/workflow.json",
  },
  [`${FOLDER}/sms_1/text_body.txt`]: "file\r\n",
  [SCENARIO]: {},
};

let test: TestAccount | undefined;
afterEach(() => test?.close());
const open = async (): Promise<TestAccount> => {
  test = await TestAccount.open(FILES, { writesFiles: true });
  return test;
};
const read = ({ project }: TestAccount, name: string): string => readFileSync(project.path(name), "utf8");

it("A-912 writes a push into the files, with their references and line ends, and keeps other files", async () => {
  const account = await open();
  const main = read(account, `${FOLDER}/workflow.json`);
  await account.push("workflow", "hello", sms("pushed\n"));
  expect(read(account, `${FOLDER}/sms_1/text_body.txt`)).toBe("pushed\r\n");
  expect(read(account, `${FOLDER}/workflow.json`)).toBe(main);
  expect(existsSync(account.project.path(SCENARIO))).toBe(true);
  expect(await account.readServedText("hello")).toBe("pushed\n");
  await account.push("workflow", "new", sms("new"));
  expect(JSON.parse(read(account, "knock/workflows/new/workflow.json"))).toMatchObject({
    steps: [{ template: { "text_body@": "sms_1/text_body.txt" } }],
    __readonly: { key: "new", active: true, valid: true },
  });
  expect(account.notes).toEqual([]);
});

it("A-912 writes no byte for equal content, and deletes files that are no longer referred to", async () => {
  const account = await open();
  const path = account.project.path(`${FOLDER}/workflow.json`);
  writeFileSync(path, read(account, `${FOLDER}/workflow.json`).replaceAll("  ", "\t"));
  const before = read(account, `${FOLDER}/workflow.json`);
  await account.push("workflow", "hello", sms("file\n"));
  expect(read(account, `${FOLDER}/workflow.json`)).toBe(before);
  await account.push("workflow", "hello", { name: "W", steps: [] });
  expect(existsSync(account.project.path(`${FOLDER}/sms_1`))).toBe(false);
  expect(existsSync(account.project.path(SCENARIO))).toBe(true);
});

it("A-912 does not replace a file that the resource does not refer to", async () => {
  const account = await open();
  account.project.write({ [`${FOLDER}/sms_2/text_body.txt`]: "draft" });
  const [step] = sms("two").steps as [JsonObject];
  const push = account.push("workflow", "hello", { name: "W", steps: [{ ...step, ref: "sms_2" }] });
  expect(await catchRejection(push)).toMatchObject({
    code: "conflict",
    message: expect.stringContaining("knock/workflows/hello/sms_2/text_body.txt exists"),
  });
  expect(read(account, `${FOLDER}/sms_1/text_body.txt`)).toBe("file\r\n");
});

it("A-912 names the place that cannot be written, and changes no file", async () => {
  const account = await open();
  account.project.write({ "knock/workflows/new": "a file in the place of the folder" });
  expect(await catchRejection(account.push("workflow", "new", sms("new")))).toMatchObject({
    code: "store_unusable",
    message: expect.stringContaining("knock/workflows/new/sms_1/text_body.txt could not be written"),
  });
  expect(readdirSync(account.project.path(".knock-local/account-files"))).toEqual([]);
  expect(await account.readText("new")).toBeNull();
});

it("A-912 finishes files that an earlier process was about to replace", async () => {
  const account = await open();
  const [path, prepared] = [`${FOLDER}/sms_1/text_body.txt`, ".knock-local/account-files/pending-1/0"];
  const pending = [{ path: account.project.path(path), prepared: account.project.path(prepared) }];
  account.project.write({ [prepared]: "new", ".knock-local/account-files/pending-files.json": pending });
  await account.restart();
  expect(read(account, path)).toBe("new");
});

it("A-912 names the journal of an earlier process that it cannot finish", async () => {
  const account = await open();
  const journal = ".knock-local/account-files/pending-files.json";
  account.project.write({ [journal]: "{" });
  expect(await catchRejection(account.restart())).toMatchObject({
    code: "store_unusable",
    message: expect.stringContaining(`${journal}: an interrupted change of files cannot be finished`),
    hint: expect.stringContaining(`delete ${journal}`),
  });
});

it("A-912 does not create a deleted folder again", async () => {
  const account = await open();
  rmSync(account.project.path("knock"), { recursive: true });
  expect(await catchRejection(account.push("workflow", "hello", sms("pushed")))).toMatchObject({
    code: "store_unusable",
    message: "knock was deleted: nothing was written",
  });
  expect(existsSync(account.project.path("knock"))).toBe(false);
});

it("A-927 writes what a merge brings into development", async () => {
  const account = await open();
  await account.account.createBranch("next");
  await account.push("workflow", "hello", sms("branch"), { scope: onBranch("next"), commit: true });
  expect(read(account, `${FOLDER}/sms_1/text_body.txt`)).toBe("file\r\n");
  await account.account.promoteAll({ ...ALL, toEnvironment: "development", branch: "next" });
  expect(read(account, `${FOLDER}/sms_1/text_body.txt`)).toBe("branch");
  expect(await catchRejection(account.commit())).toMatchObject({ code: "conflict" });
});
