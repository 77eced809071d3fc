import { existsSync, linkSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import {
  formatInvite,
  bulkTest as it,
  notifyFile as notify,
  TRIGGER_FILE,
  TRIGGER_JOURNAL,
  writeLines,
} from "../helpers/bulk-case.js";

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
