import { appendFileSync, existsSync, linkSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import {
  formatInvite,
  bulkTest as it,
  notifyFile as notify,
  readDocuments,
  readRecipients,
  TRIGGER_FILE,
  TRIGGER_JOURNAL,
  writeLines,
} from "../helpers/bulk-case.js";
import type { CommandResult } from "../helpers/run-knock.js";
import { type ReceivedTrigger, respondWithError, type TriggerApi } from "../helpers/trigger-api.js";

describe.concurrent("a payload with more than 1,000 recipients, whose second part is refused", () => {
  const payload = JSON.stringify({
    key: "invite",
    recipients: Array.from({ length: 2_500 }, (_, index) => `u${index}`),
  });
  const refuseSecondPart: TriggerApi["intercept"] = ({ body }, response) =>
    (body.recipients as string[])[0] === "u1000" && respondWithError(response, 422);

  it("reports how many recipients were triggered, and triggers only the others again", async ({ collab, api }) => {
    collab.write("many.json", payload);
    api.intercept = refuseSecondPart;
    const { error, documents, exitCode } = await notify(collab, api, ["--file", "many.json", "--json"]);
    expect({ exitCode, count: documents.length }).toEqual({ exitCode: 9, count: 1 });
    expect(error.message).toContain("(the first 1,000 of 2,500 recipients were triggered)");
    const [, key = ""] = /--idempotency-key (\S+) within 24 hours/.exec(String(error.hint)) ?? [];
    api.intercept = () => false;
    expect((await notify(collab, api, ["--file", "many.json", "--idempotency-key", key])).exitCode).toBe(0);
    expect([...api.accepted.values()].map(({ body }) => (body.recipients as string[]).length)).toEqual([
      1_000, 1_000, 500,
    ]);
  });

  it("is triggered again by the same command without the key", async ({ collab, api }) => {
    collab.write("many.json", payload);
    for (let i = 0; i < 2; i++) await notify(collab, api, ["--file", "many.json"]);
    expect(api.accepted.size).toBe(6);
  });

  it("is reported in the same way as a line of a file", async ({ collab, api }) => {
    writeLines(collab, [payload]);
    api.intercept = refuseSecondPart;
    const { stderr, exitCode } = await notify(collab, api);
    expect(stderr).toContain("(the first 1,000 of 2,500 recipients were triggered)");
    expect(stderr).toContain("hint: Within 24 hours, --retry-failed does not trigger these recipients again.");
    expect(stderr).not.toContain("Nothing was changed");
    expect(exitCode).toBe(9);
    api.intercept = () => false;
    expect((await notify(collab, api, ["--retry-failed"])).exitCode).toBe(0);
    expect(api.accepted.size).toBe(3);
  });
});

describe.concurrent("lines that failed", () => {
  const refuseGrace: TriggerApi["intercept"] = ({ body }, response) =>
    (body.recipients as string[])[0] === "grace" && respondWithError(response, 404, { "x-should-retry": "false" });

  it.for<[name: string, lines: string[], step: string]>([
    [
      "are corrected in a file of their own, if they are invalid",
      [formatInvite("ada"), "oops"],
      "do not correct them in this file, but write corrected lines to a file of their own",
    ],
    [
      "are triggered again by --retry-failed, if the API refused them",
      [formatInvite("ada"), formatInvite("grace")],
      "run the command again with --retry-failed to trigger them",
    ],
    [
      "are triggered again by --retry-failed without the invalid ones",
      [formatInvite("grace"), "oops", formatInvite("ada")],
      "run the command again with --retry-failed to trigger the valid ones, and write corrected lines to a file of their own",
    ],
  ])("%s", async ([, lines, step], { collab, api }) => {
    writeLines(collab, lines);
    api.intercept = refuseGrace;
    const expected = `the failed lines are recorded in ${TRIGGER_JOURNAL}; ${step}`;
    expect((await notify(collab, api)).stderr.split("\n")).toContain(expected);
    expect((await notify(collab, api, ["--resume"])).stderr.split("\n")).toContain(expected);
  });

  it("cannot be corrected in the same file, because all lines would be triggered again", async ({ collab, api }) => {
    writeLines(collab, [formatInvite("ada"), "oops"]);
    await notify(collab, api);
    writeLines(collab, [formatInvite("ada"), formatInvite("lin")]);
    for (const args of [[], ["--retry-failed"]]) {
      const { stderr, exitCode } = await notify(collab, api, args);
      expect(stderr).toContain(`${TRIGGER_JOURNAL} does not match the content of ${TRIGGER_FILE}\n`);
      expect(stderr).toContain("hint: Restore the file that the run started with, and write corrected lines to a file");
      expect(exitCode).toBe(6);
    }
  });

  it("are not continued with the journal of another file", async ({ collab, api }) => {
    writeLines(collab, [formatInvite("ada"), "oops"]);
    await notify(collab, api);
    collab.write("other.jsonl", formatInvite("lin"));
    const args = ["--file", "other.jsonl", "--journal", TRIGGER_JOURNAL, "--resume"];
    const { stderr, exitCode } = await notify(collab, api, args);
    expect(stderr).toContain(
      `error: ${TRIGGER_JOURNAL} does not match the content of other.jsonl: it belongs to ${TRIGGER_FILE}\n`,
    );
    expect(exitCode).toBe(6);
  });
});

it("--max-recipients also counts the lines that an earlier run has triggered", async ({ collab, api }) => {
  writeLines(collab, ["ada", "grace", "lin", "alan", "zoe"].map(formatInvite));
  const args = ["--max-recipients", "2", "--concurrency", "1"];
  expect((await notify(collab, api, args)).exitCode).toBe(6);
  const { stderr, exitCode } = await notify(collab, api, [...args, "--resume"]);
  expect(stderr).toContain("--max-recipients is 2, but the lines so far have 3 recipients");
  expect(exitCode).toBe(6);
  expect(readRecipients(api)).toEqual(["ada", "grace"]);
  expect((await notify(collab, api, ["--max-recipients", "5", "--resume"])).exitCode).toBe(0);
  expect(api.accepted.size).toBe(5);
});

it("a journal is used by one run at a time, and the other one changes nothing", async ({ collab, api }) => {
  writeLines(collab, ["ada", "grace"].map(formatInvite));
  const others: Promise<CommandResult>[] = [];
  api.intercept = (_trigger, response) => {
    if (others.length > 0) return false;
    for (const args of [[], ["--resume"]]) others.push(notify(collab, api, args));
    // The first run waits for its first line until the others have ended.
    void Promise.all(others).then(() => respondWithError(response, 404, { "x-should-retry": "false" }));
    return true;
  };
  const first = await notify(collab, api, ["--concurrency", "1"]);
  for (const { stderr, exitCode } of await Promise.all(others)) {
    expect(stderr).toContain(
      `error: ${TRIGGER_JOURNAL} is used by another run\nhint: Wait until that run has ended, or use --journal to name another file. If it ran on another machine and has ended, delete ${TRIGGER_JOURNAL}.lock.\n`,
    );
    expect(exitCode).toBe(6);
  }
  expect(first.exitCode).toBe(9);
  expect(api.received).toHaveLength(2);
  api.intercept = () => false;
  expect((await notify(collab, api, ["--retry-failed"])).exitCode).toBe(0);
  expect(existsSync(join(collab.dir, `${TRIGGER_JOURNAL}.lock`))).toBe(false);
});

it("--resume replaces the results of lines that the journal does not record, and says so", async ({ collab, api }) => {
  writeLines(collab, ["ada", "grace", "lin", "zoe"].map(formatInvite));
  const args = ["--output", "out.jsonl", "--journal", "j.jsonl", "--concurrency", "1"];
  expect((await notify(collab, api, args)).exitCode).toBe(0);
  // A full disk has cut the journal after the second line, but the results were written.
  const cut = readFileSync(join(collab.dir, "j.jsonl"), "utf8").split("\n").slice(0, 3);
  collab.write("j.jsonl", `${cut.join("\n")}\n`);
  const { stderr, exitCode } = await notify(collab, api, [...args, "--resume"]);
  expect(stderr).toContain(
    "removed the last 2 results from out.jsonl: the journal does not record their lines, which are triggered again",
  );
  expect(exitCode).toBe(0);
  expect(readDocuments(collab, "out.jsonl").map(({ line }) => line)).toEqual([1, 2, 3, 4]);
  expect(api.accepted.size).toBe(4);
});

describe.concurrent("a last line without a line break", () => {
  const csv = (name: string): string => `invite,${name},${"x".repeat(600)}`;
  const jsonl = (name: string): string =>
    JSON.stringify({ key: "invite", recipients: [name], data: { text: "x".repeat(600) } });

  it.for<[format: string, header: string, format: (name: string) => string, cut: number]>([
    ["csv", "key,recipients,data.text\n", csv, 3],
    ["csv", "key,recipients,data.text\n", (name) => csv(`"${name},\n${name}-2"`), 605],
    ["jsonl", "", jsonl, 3],
  ])(
    "of a growing %s file is held back until it is complete",
    async ([format, header, toRow, cut], { collab, api }) => {
      // Longer than what is read ahead.
      const rows = Array.from({ length: 501 }, (_, index) => `${toRow(`u${index}`)}\n`);
      const text = header + rows.join("");
      const file = `growing.${format}`;
      collab.write(file, text.slice(0, -cut));
      let isAppended = false;
      api.intercept = () => {
        if (!isAppended) appendFileSync(join(collab.dir, file), text.slice(-cut));
        isAppended = true;
        return false;
      };
      const args = ["--file", file, "--output", "out.jsonl", "--concurrency", "1", "--rate", "100000"];
      const { stderr, exitCode } = await notify(collab, api, args);
      expect(stderr).toMatch(
        /became longer while it was read: line [\d,]+, which was incomplete, and later lines were not/,
      );
      expect({ exitCode, accepted: api.accepted.size }).toEqual({ exitCode: 9, accepted: 500 });
      expect((await notify(collab, api, [...args, "--resume"])).exitCode).toBe(0);
      expect(api.accepted.size).toBe(501);
      const { body } = [...api.accepted.values()].at(-1) as ReceivedTrigger;
      expect(body).toMatchObject({ data: { text: "x".repeat(600) } });
    },
  );
});

it("--json ends standard error with an error's document, also after 20 errors", async ({ collab, api }) => {
  writeLines(collab, Array(25).fill("oops"));
  const { stderr } = await notify(collab, api, ["--json"]);
  expect(JSON.parse(stderr.trimEnd().split("\n").at(-1) as string)).toHaveProperty("error.code", "invalid_json");
  rmSync(join(collab.dir, TRIGGER_JOURNAL));
  expect((await notify(collab, api)).stderr).toContain(`further errors are written only to ${TRIGGER_JOURNAL}`);
});

it.for<[args: string[], file: [path: string, text: string], error: string]>([
  [
    ["--resume", "--dry-run"],
    [TRIGGER_FILE, "{}"],
    "--resume and --dry-run cannot be combined\nhint: Omit one of them. A dry run checks every line of the file.",
  ],
  [
    [],
    ["empty.csv", ""],
    "empty.csv contains no payload\nhint: Write the names of the columns into the first row, such as",
  ],
  [
    [],
    ["conflict.csv", "key,recipients,data,data.a\ninvite,ada,x,y"],
    'conflict.csv:2: column "data.a": data is already a string\nhint: Use another path, or remove the other value.',
  ],
  [
    [],
    ["latin.csv", "key,recipients\ninvite,\ufffd"],
    "latin.csv:2: the row is not valid UTF-8\nhint: Save the file as UTF-8.",
  ],
])("the hint of %j with %j fits", async ([args, [path, text], error], { collab, api }) => {
  collab.write(path, text);
  const { stderr, exitCode } = await notify(collab, api, ["--file", path, ...args]);
  expect(stderr).toContain(`error: ${error}`);
  expect(exitCode).toBe(2);
});

describe.concurrent("the files of a run", () => {
  it.for<[name: string, link: ((dir: string) => void) | null, args: string[], message: string]>([
    ["another spelling of the input", null, ["--output", `./${TRIGGER_FILE}`], "is also the input"],
    ["another spelling of the journal", null, ["--output", `./${TRIGGER_JOURNAL}`], "is also the journal"],
    ["the input as journal", null, ["--journal", `payloads/../${TRIGGER_FILE}`], "is also the input"],
    [
      "a symbolic link to the input",
      (dir) => symlinkSync(TRIGGER_FILE, join(dir, "out.jsonl")),
      ["--output", "out.jsonl"],
      "is also the input",
    ],
    [
      "a hard link to the input",
      (dir) => linkSync(join(dir, TRIGGER_FILE), join(dir, "out.jsonl")),
      ["--output", "out.jsonl"],
      "is also the input",
    ],
    [
      "a symbolic link to a journal that does not exist yet",
      (dir) => symlinkSync(TRIGGER_JOURNAL, join(dir, "out.jsonl")),
      ["--output", "out.jsonl"],
      "is also the journal",
    ],
  ])("must differ, also for %s", async ([, link, args, message], { collab, api }) => {
    writeLines(collab, [formatInvite("ada")]);
    link?.(collab.dir);
    const { stderr, exitCode } = await notify(collab, api, args);
    expect(stderr).toContain(`error: ${args[0]}: ${args[1]} ${message}`);
    expect(exitCode).toBe(2);
    expect(readFileSync(join(collab.dir, TRIGGER_FILE), "utf8")).toBe(`${formatInvite("ada")}\n`);
    expect(existsSync(join(collab.dir, TRIGGER_JOURNAL))).toBe(false);
    expect(api.received).toEqual([]);
  });
});
