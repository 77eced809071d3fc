import { describe, expect, it } from "vitest";
import { checkText } from "../../scripts/check-prose.mjs";
import { readProse } from "../../scripts/prose-sources.mjs";

/** Sentences that read like a literal translation, each with a better one. */
const REWRITTEN = [
  [
    "Names in its template that are nearly one that is there are told.",
    "Warns about likely misspelled template variables.",
  ],
  [
    "On the local target the beginning of an id does, eight characters or more",
    "Locally, a unique ID prefix of 8 or more characters works.",
  ],
  ["in a pipe they are whole", "Piped output is never truncated."],
  ["Secrets stand there only as names of environment variables", "Reference secrets by environment variable name."],
  [
    "The command gets a Ctrl-C or a termination once, with all that it started",
    "SIGINT and SIGTERM are forwarded once to the whole process group.",
  ],
  [
    "Requests: a name that is none of this machine's is refused",
    "Requests with an unknown `Host` header are rejected.",
  ],
  [
    "Files may change meanwhile: what can be read applies at once and is announced, what cannot is reported with its place",
    "Valid changes apply immediately. Errors are reported with file and line, and the last valid version stays active.",
  ],
  ["it ran and did not come out", "completed, but the outcome was a failure"],
  [
    "a notify that preferences or conditions kept from sending is done too",
    "success, including when preferences or conditions prevented sending",
  ],
  ["stop what still waits of a trigger", "Cancel pending runs"],
  [
    "Changes schedules alike; what the body leaves out stays, null empties.",
    "Update one or more schedules. Omitted fields stay unchanged; null clears a field.",
  ],
  ["Every setting as it counts here", "List effective settings and where each comes from"],
  ["Of an id's beginning eight characters or more are needed.", "Use at least 8 characters of the ID."],
  ["Mend what is named and try again", "Fix the value above and run the command again."],
  ["something else listens there", "port already in use"],
  ["links stay, nothing here could follow a click", "links were not rewritten: no tracking URL is configured"],
  ["What a provider refuses for now is tried again.", "Temporary provider errors are retried."],
  ["JSON that is none", "invalid JSON"],
  ["who is none is passed over", "users who are not members are ignored"],
] as const;

describe("the prose check", () => {
  it.each(REWRITTEN)("rejects %j", async (literal) => {
    expect(await checkText(literal)).not.toEqual([]);
  });

  it.each(REWRITTEN)("accepts the rewritten form of %j", async (_, rewritten) => {
    expect(await checkText(rewritten)).toEqual([]);
  });

  it("reads the comments of deployment files, with their lines", () => {
    const [first] = readProse(["deploy/compose.yaml"]);
    expect(first).toMatchObject({ kind: "comment", line: 1, text: expect.stringMatching(/^The API, two workers/) });
  });

  it("reads the descriptions and the names of scenarios of the sample projects", () => {
    const texts = readProse(["fixtures/collab/knock/workflows/new-comment/"]).map(({ text }) => text);
    expect(texts).toContainEqual(expect.stringMatching(/^Notifies the readers of a page about a comment: /));
    expect(texts).toContain("sends no email if the comment was seen");
  });

  it("reads the texts of JSX elements, with their lines", () => {
    const [found] = readProse(["src/page/views/runs.tsx"]).filter(({ text }) => text.startsWith("A trigger creates"));
    expect(found).toMatchObject({ kind: "message", text: "A trigger creates one for each recipient." });
    expect(found?.line).toBeGreaterThan(60);
  });

  it("ignores inline code and code blocks", async () => {
    expect(await checkText("Use `e-mail` here.\n\n```\nonce more\n```\n")).toEqual([]);
  });

  it("accepts the API's spelling in rules of --expect, but not in sentences", async () => {
    expect(await checkText("cancelled=2, cancelled>=0, ada:delay_1=cancelled")).toEqual([]);
    expect(await checkText("The run was cancelled.")).toHaveLength(1);
  });

  it("reports the line of a phrase", async () => {
    expect(await checkText("First line.\nIt is tried once more.\n")).toEqual([
      { line: 2, message: expect.stringContaining("once more => again") },
    ]);
  });
});
