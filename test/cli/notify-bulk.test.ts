import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import {
  TRIGGER_FILE as FILE,
  formatInvite as invite,
  bulkTest as it,
  TRIGGER_JOURNAL as JOURNAL,
  notifyFile as notify,
  readDocuments,
  readRecipients,
  writeLines,
} from "../helpers/bulk-case.js";
import type { CommandResult, Sample } from "../helpers/run-knock.js";
import { respondWithError, type TriggerApi } from "../helpers/trigger-api.js";

const NAMES = ["ada", "grace", "lin", "ada"];

describe.concurrent("a file of triggers on the remote target", () => {
  it("sends each line with its own key, and deletes the journal if all lines succeed", async ({ collab, api }) => {
    writeLines(collab, NAMES.map(invite));
    const { documents, exitCode, stderr } = await notify(collab, api, ["--json"]);
    expect({ count: documents.length, exitCode, stderr }).toEqual({ count: 4, exitCode: 0, stderr: "" });
    expect(readRecipients(api)).toEqual(NAMES);
    expect(existsSync(join(collab.dir, JOURNAL))).toBe(false);
  });

  it("derives the same keys again, so that a repeated run triggers nothing twice", async ({ collab, api }) => {
    writeLines(collab, NAMES.map(invite));
    await notify(collab, api);
    const { stdout, stderr, exitCode } = await notify(collab, api, ["--output", "results.jsonl"]);
    expect(api.received).toHaveLength(8);
    expect(api.accepted.size).toBe(4);
    expect(stdout).toContain("✓ 4 of 4 lines triggered · 4 triggered before with the same idempotency key");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    writeLines(collab, [...NAMES, "zoe"].map(invite));
    await notify(collab, api);
    expect(api.accepted.size).toBe(9);
  });

  it("keeps a key of a line, and derives other keys with --idempotency-key", async ({ collab, api }) => {
    writeLines(collab, [invite("ada"), JSON.stringify({ key: "invite", recipients: ["lin"], idempotency_key: "own" })]);
    await notify(collab, api);
    await notify(collab, api, ["--idempotency-key", "second"]);
    expect(readRecipients(api)).toEqual(["ada", "lin", "ada"]);
    expect(api.accepted.has("own")).toBe(true);
  });

  it("splits more than 1,000 recipients into several triggers", async ({ collab, api }) => {
    const ids = Array.from({ length: 2_001 }, (_, index) => `u${index}`);
    writeLines(collab, [JSON.stringify({ key: "invite", recipients: ids })]);
    const { exitCode } = await notify(collab, api, ["--output", "results.jsonl"]);
    expect(exitCode).toBe(0);
    const bodies = [...api.accepted.values()].map(({ body }) => body.recipients as string[]);
    expect(bodies.map((list) => list.length)).toEqual([1_000, 1_000, 1]);
    expect(bodies.flat()).toEqual(ids);
    expect(readDocuments(collab, "results.jsonl").map(({ line }) => line)).toEqual([1, 1, 1]);
    const single = await notify(collab, api, ["--file", "-"], {
      input: JSON.stringify({ key: "invite", recipients: ids }),
    });
    expect([single.exitCode, api.accepted.size]).toEqual([0, 6]);
  });

  it("reports a wrong recipient of a later part by its index in the whole list", async ({ collab, api }) => {
    const ids: unknown[] = Array.from({ length: 1_500 }, (_, index) => `u${index}`);
    ids[1_200] = 7;
    writeLines(collab, [JSON.stringify({ key: "invite", recipients: ids })]);
    const { error, exitCode } = await notify(collab, api, ["--json"]);
    expect(exitCode).toBe(2);
    expect((error.details as JsonObject[])[0]).toMatchObject({ pointer: "/recipients/1200" });
    expect(api.received).toEqual([]);
  });

  it("reads a byte order mark, CRLF, blank lines and a line of 9 MB", async ({ collab, api }) => {
    const large = JSON.stringify({ key: "invite", recipients: ["lin"], data: { text: "x".repeat(9_000_000) } });
    collab.write(FILE, `\uFEFF${invite("ada")}\r\n\r\n${large}\r\n${invite("grace")}`);
    const { exitCode } = await notify(collab, api, ["--output", "results.jsonl"]);
    expect({ exitCode, recipients: readRecipients(api).sort() }).toEqual({
      exitCode: 0,
      recipients: ["ada", "grace", "lin"],
    });
  });

  it("rejects an empty file", async ({ collab, api }) => {
    collab.write(FILE, "");
    const { stderr, exitCode } = await notify(collab, api);
    expect({ message: stderr.split("\n")[0], exitCode }).toEqual({
      message: "error: triggers.jsonl contains no payload",
      exitCode: 2,
    });
    expect(existsSync(join(collab.dir, JOURNAL))).toBe(false);
  });

  it("slows down when the API refuses requests because of its limit, and triggers every line", async ({
    collab,
    api,
  }) => {
    writeLines(
      collab,
      Array.from({ length: 60 }, (_, index) => invite(`u${index}`)),
    );
    let refused = 0;
    api.intercept = (_, response) => refused++ < 20 && respondWithError(response, 429, { "retry-after-ms": "20" });
    const { exitCode } = await notify(collab, api, ["--output", "results.jsonl"]);
    expect({ exitCode, accepted: api.accepted.size }).toEqual({ exitCode: 0, accepted: 60 });
  });
});

describe.concurrent("the journal", () => {
  it("lets --retry-failed trigger only the lines that failed", async ({ collab, api }) => {
    writeLines(collab, NAMES.map(invite));
    api.intercept = ({ body }, response) =>
      (body.recipients as string[])[0] === "ada" && respondWithError(response, 404, { "x-should-retry": "false" });
    const first = await notify(collab, api, ["--output", "results.jsonl"]);
    expect(first.exitCode).toBe(9);
    expect(first.stderr).toContain(
      `the failed lines are recorded in ${JOURNAL}; run the command again with --retry-failed to trigger them`,
    );
    expect(
      readDocuments(collab, JOURNAL)
        .slice(1)
        .map(({ line, status }) => `${line} ${status}`),
    ).toEqual(["1 failed", "2 triggered", "3 triggered", "4 failed"]);
    api.intercept = () => false;
    api.received.splice(0);
    const second = await notify(collab, api, ["--retry-failed", "--output", "results.jsonl"]);
    expect(api.received.map(({ body }) => body.recipients)).toEqual([["ada"], ["ada"]]);
    expect(second.stdout).toContain("✓ 4 of 4 lines triggered · 2 skipped");
    expect(second.exitCode).toBe(0);
    expect(existsSync(join(collab.dir, JOURNAL))).toBe(false);
    expect(readDocuments(collab, "results.jsonl").map(({ line, error }) => [line, error !== undefined])).toEqual([
      ...[
        [1, true],
        [2, false],
        [3, false],
        [4, true],
      ],
      ...[
        [1, false],
        [4, false],
      ],
    ]);
  });

  it("lets --resume continue after an outage, which stops the run", async ({ collab, api }) => {
    writeLines(
      collab,
      Array.from({ length: 90 }, (_, index) => invite(`u${index}`)),
    );
    api.intercept = (_, response) => {
      if (api.accepted.size < 30) return false;
      return respondWithError(response, 503, { "x-should-retry": "false" });
    };
    const args = ["--concurrency", "2", "--output", "results.jsonl"];
    const stopped = await notify(collab, api, args);
    expect(stopped.exitCode).toBe(7);
    expect(stopped.stderr).toMatch(/hint: 22 lines in a row failed, so the run was stopped/);
    expect(stopped.stderr).toContain("run the command again with --resume and --retry-failed to continue");
    api.intercept = () => false;
    const resumed = await notify(collab, api, [...args, "--resume", "--retry-failed"]);
    expect(resumed.exitCode).toBe(0);
    expect(resumed.stdout).toContain("✓ 90 of 90 lines triggered · 30 skipped");
    expect(new Set(readRecipients(api)).size).toBe(90);
    expect(api.accepted.size).toBe(90);
  });

  const leaveFailed = async (collab: Sample, api: TriggerApi): Promise<void> => {
    writeLines(collab, [invite("ada"), "oops", invite("grace")]);
    expect((await notify(collab, api)).exitCode).toBe(9);
  };

  it.for<[name: string, args: string[], message: string]>([
    ["without --resume", [], "contains the results of an earlier run that was interrupted or has failed lines"],
    ["with other payload options", ["--resume", "--set", "a=b"], "belongs to a run with other payload options"],
    ["with another branch", ["--resume", "--branch", "x"], "belongs to a run with another branch"],
    ["of another file", ["--resume", "--journal", "knock.json"], "is not a journal of this version of knock"],
  ])("is rejected %s, and nothing is sent", async ([, args, message], { collab, api }) => {
    await leaveFailed(collab, api);
    api.received.splice(0);
    const { error, exitCode } = await notify(collab, api, [...args, "--json"]);
    expect({ exitCode, code: error.code }).toEqual({ exitCode: 6, code: "journal_conflict" });
    expect(error.message).toContain(message);
    expect(api.received).toEqual([]);
  });

  it("is rejected if lines of the file were changed, but not if lines were appended", async ({ collab, api }) => {
    await leaveFailed(collab, api);
    appendFileSync(join(collab.dir, FILE), `${invite("zoe")}\n`);
    const resumed = await notify(collab, api, ["--resume"]);
    expect(resumed.exitCode).toBe(9);
    expect(readRecipients(api)).toEqual(["ada", "grace", "zoe"]);
    writeLines(collab, [invite("zoe"), "oops"]);
    const { stderr, exitCode } = await notify(collab, api, ["--resume"]);
    expect(stderr).toContain(`${JOURNAL} does not match the content of ${FILE}`);
    expect(exitCode).toBe(6);
  });

  it("is new if a crash has left it empty", async ({ collab, api }) => {
    writeLines(collab, [invite("ada")]);
    collab.write(JOURNAL, "");
    expect((await notify(collab, api)).exitCode).toBe(0);
    expect(readRecipients(api)).toEqual(["ada"]);
  });

  it("ignores an incomplete last record after a crash", async ({ collab, api }) => {
    await leaveFailed(collab, api);
    const path = join(collab.dir, JOURNAL);
    truncateSync(path, readFileSync(path).length - 20);
    api.received.splice(0);
    const { exitCode } = await notify(collab, api, ["--resume"]);
    expect(exitCode).toBe(9);
    expect(api.received.map(({ body }) => body.recipients)).toEqual([["grace"]]);
    expect(api.accepted.size).toBe(2);
  });

  it("on a full disk stops the run", async ({ collab, api }) => {
    rmSync(join(collab.dir, FILE), { force: true });
    writeLines(
      collab,
      Array.from({ length: 600 }, (_, index) => invite(`u${index}`)),
    );
    const { error, stderr, exitCode } = await notify(collab, api, ["--journal", "/dev/full", "--json"]);
    expect({ exitCode, code: error.code }).toEqual({ exitCode: 3, code: "journal_failed" });
    expect(error.message).toContain("the journal /dev/full cannot be written: ENOSPC");
    expect(stderr).not.toContain("    at ");
    expect(api.received.length).toBeLessThan(600);
  });

  it("is required for --resume of standard input, and works with it", async ({ collab, api }) => {
    const input = `${invite("ada")}\noops\n${invite("grace")}\n`;
    const args = ["--file", "-", "--format", "jsonl", "--resume"];
    const rejected = await notify(collab, api, args, { input });
    expect(rejected.stderr).toContain(
      "error: --resume requires a journal\nhint: For standard input, name it with --journal.",
    );
    const withJournal = [...args, "--journal", "stream.journal"];
    expect((await notify(collab, api, withJournal, { input })).exitCode).toBe(9);
    expect((await notify(collab, api, withJournal, { input: `${input}${invite("lin")}\n` })).exitCode).toBe(9);
    expect(readRecipients(api)).toEqual(["ada", "grace", "lin"]);
    expect(api.received).toHaveLength(3);
  });

  it("works on the local target with --journal", async ({ collab, api }) => {
    writeLines(collab, [invite("ada"), "oops", invite("grace")]);
    const run = (...args: string[]): Promise<CommandResult> =>
      collab.knock(["notify", "--file", FILE, "--journal", JOURNAL, ...args]);
    expect((await run()).exitCode).toBe(9);
    expect((await run("--resume")).stderr).toContain("2 lines triggered, 1 line failed, 3 lines skipped");
    expect((await collab.knock(["runs", "--json"])).json.items).toHaveLength(2);
    expect(api.received).toEqual([]);
  });
});

describe.concurrent("an input that changes while it is read", () => {
  // Longer than what is read ahead.
  const lines = Array.from({ length: 500 }, (_, index) =>
    JSON.stringify({ key: "invite", recipients: [`u-${index}`], data: { text: "x".repeat(600) } }),
  );

  it.for<[name: string, change: (path: string) => void, message: string]>([
    ["shorter", (path) => truncateSync(path, 200_000), "became shorter while it was read (200,000 of "],
    [
      "longer",
      (path) => appendFileSync(path, `${invite("zoe")}\n`),
      "became longer while it was read: lines after byte ",
    ],
    [
      "different",
      (path) => writeFileSync(path, readFileSync(path, "utf8").replaceAll("u-499", "u-XYZ")),
      "changed while it was read",
    ],
  ])("and becomes %s is reported: exit 9", async ([, change, message], { collab, api }) => {
    writeLines(collab, lines);
    let isChanged = false;
    api.intercept = () => {
      if (!isChanged) change(join(collab.dir, FILE));
      isChanged = true;
      return false;
    };
    const args = ["--output", "results.jsonl", "--concurrency", "1", "--rate", "100000"];
    const { stderr, exitCode } = await notify(collab, api, args);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(9);
    expect(existsSync(join(collab.dir, JOURNAL))).toBe(true);
    expect(readRecipients(api)).not.toContain("zoe");
  });
});

describe.concurrent("CSV", () => {
  it("has one payload per row, with typed values and paths as columns", async ({ collab, api }) => {
    const header =
      "key,recipients,actor,data.page,data.count,data.ok,data.zip:text,data.tags[0],data.more,settings.skip_delay";
    collab.write(
      "triggers.csv",
      [
        `\uFEFF${header}`,
        'invite,"ada,grace",alan,"a ""b""',
        'c",3,true,007,x,"{""n"":1}",true',
        'invite,"[{""id"":""zoe"",""email"":""zoe@example.com""}]",,,,,,,,',
        "invite,lin",
        "",
        "invite,lin,,1e5,-0.5,null,,,,",
      ].join("\r\n"),
    );
    const { stderr, exitCode } = await notify(collab, api, ["--file", "triggers.csv", "--output", "results.jsonl"]);
    expect([...api.accepted.values()].map(({ body }) => body)).toEqual([
      {
        recipients: ["ada", "grace"],
        actor: "alan",
        data: { page: 'a "b"\r\nc', count: 3, ok: true, zip: "007", tags: ["x"], more: { n: 1 } },
        settings: { skip_delay: true },
      },
      { recipients: [{ id: "zoe", email: "zoe@example.com" }] },
      { recipients: ["lin"], data: { page: "1e5", count: -0.5, ok: null } },
    ]);
    expect(stderr).toContain("error: triggers.csv:5: the row has 2 fields, but the first row has 10");
    expect(exitCode).toBe(9);
  });

  it.for<[text: string, message: string]>([
    ["key,recipient\ninvite,ada", 'triggers.csv:1: unknown column "recipient"'],
    ["key,recipients,page\ninvite,ada,x", 'triggers.csv:1: unknown column "page"'],
    [
      "recipients\nada",
      "triggers.csv:2: no workflow key given\nhint: Give the workflow's key as the first argument, or",
    ],
    ["key,recipients,key\ninvite,ada,x", 'triggers.csv:1: the column "key" occurs twice'],
    ["key,recipients,data..a\ninvite,ada,x", 'triggers.csv:1: a column: the path "data..a" is not valid'],
    ["key,,recipients\ninvite,,ada", "triggers.csv:1: a column has no name"],
    ['key,recipients\ninvite,"ada', "triggers.csv:2: the row has a quote that is not closed"],
    ["key,recipients,data\ninvite,ada,{oops}", 'triggers.csv:2: column "data": invalid JSON'],
    ["key,recipients,data,data.a\ninvite,ada,x,y", 'triggers.csv:2: column "data.a": data is already a string'],
  ])("%j is rejected with its location", async ([text, message], { collab, api }) => {
    collab.write("triggers.csv", text);
    const { stderr, exitCode } = await notify(collab, api, ["--file", "triggers.csv"]);
    expect(stderr).toContain(`error: ${message}`);
    expect(exitCode).toBe(2);
    expect(api.received).toEqual([]);
  });
});

describe.concurrent("options for files of triggers", () => {
  it.for<[args: string[], message: string]>([
    [["--rate", "0"], '--rate: "0" is not a number above 0 and up to 100,000'],
    [["--rate", "fast"], '--rate: "fast" is not a number above 0'],
    [["--concurrency", "1.5"], '--concurrency: "1.5" is not a whole number from 1 to 256'],
    [["--output", FILE], `--output: ${FILE} is also the input`],
    [["--output", JOURNAL], `--output: ${JOURNAL} is also the journal`],
    [["--journal", FILE, "--resume"], `--journal: ${FILE} is also the input`],
    [["--resume", "--no-journal"], "--resume requires a journal"],
    [["--no-journal", "--journal", "a.journal"], "--journal and --no-journal cannot be combined"],
    [["--journal", "a.journal", "--no-journal"], "--journal and --no-journal cannot be combined"],
    [["--retry-failed"], `--retry-failed: there is no journal ${JOURNAL}`],
    [["--output", "missing/results.jsonl"], "--output: missing/results.jsonl cannot be written: ENOENT"],
  ])("%j is rejected before anything is sent", async ([args, message], { collab, api }) => {
    writeLines(collab, [invite("ada")]);
    const { stderr, exitCode } = await notify(collab, api, args);
    expect(stderr).toContain(`error: ${message}`);
    expect([2, 3]).toContain(exitCode);
    expect(api.received).toEqual([]);
  });

  it.for(["--resume", "--retry-failed", "--rate=5", "--concurrency=2", "--journal=x", "--output=x"])(
    "%s without a file is an error",
    async (option, { collab }) => {
      const { stderr, exitCode } = await collab.knock(["notify", "invite", "-r", "ada", option]);
      expect(stderr).toContain(`error: ${option.split("=")[0]} requires a file with one trigger per line`);
      expect(exitCode).toBe(2);
    },
  );
});
