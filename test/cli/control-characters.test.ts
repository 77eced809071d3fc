import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { type CommandResult, hasTerminal, type Sample } from "../helpers/run-knock.js";

/** Clipboard, title, clear, 8-bit CSI, color, backspace, bidirectional override and isolate, DEL. */
const EVIL =
  "a\u001b]52;c;aGk=\u0007b\u001b]0;title\u0007c\u001b[2Jd\u009b31me\u001b[31mf\bg\u202eh\u2066i\u007fj\u0090k\rl";

/** Characters that must not reach a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the test searches for control characters
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the program's own styles
const OWN_STYLES = /\u001b\[(?:1|2|22|31|32|33|39)m/g;

function expectClean({ stdout, stderr }: CommandResult): void {
  expect(stdout.replace(OWN_STYLES, "")).not.toMatch(CONTROLS);
  expect(stderr.replace(OWN_STYLES, "")).not.toMatch(CONTROLS);
}

/** Creates a user and a message with hostile text in every field. Returns the message's id. */
async function prepare(sample: Sample): Promise<string> {
  const eve = { id: "eve", name: EVIL, email: "eve@example.com" };
  sample.write("eve.json", eve);
  await sample.knock(["users", "set", "eve", "--file", "eve.json"]);
  sample.write("data.json", { page: EVIL, comment: EVIL });
  const args = ["notify", "new-comment", "-r", "eve", "-a", "eve", "-d", "@data.json", "--skip-delay", "--json"];
  const { outcome } = await sample.knock(args);
  return outcome.recipients?.[0]?.steps.at(-1)?.message_id ?? "";
}

describe.concurrent("control characters in data", () => {
  it("are escaped in all printed text", async ({ collab }) => {
    const id = await prepare(collab);
    const color = { env: { FORCE_COLOR: "1" } };
    for (const args of [
      ["messages", "show", id],
      ["messages"],
      ["users", "get", "eve"],
      ["users"],
      ["preview", "new-comment", "--all", "-r", "eve", "-d", "@data.json"],
      ["notify", "new-comment", "-r", "eve", "-d", "@data.json", "--dry-run"],
      ["notify", EVIL, "-r", "eve"],
      ["notify", "new-comment", "-r", EVIL, "-d", "@data.json"],
      ["users", "get", EVIL],
      ["runs", "--workflow", EVIL],
      [EVIL],
      ["runs", `--${EVIL}`],
      ["notify", "new-comment", "-r", "ada", "-d", EVIL],
    ])
      expectClean(await collab.knock(args, color));
    const shown = await collab.knock(["messages", "show", id], color);
    expect(shown.stdout).toContain("a\\u001b]52;c;aGk=\\u0007b");
    expect(shown.stdout).toMatch(OWN_STYLES);
  });

  it("are escaped in the request log of knock dev", async ({ collab }) => {
    const process = collab.start(["dev", "--port", "0", "--ready-file", "ready.json", "--store", ":memory:"]);
    while (!existsSync(collab.path("ready.json"))) await new Promise((resolve) => setTimeout(resolve, 20));
    const { url } = JSON.parse(collab.read("ready.json")) as { url: string };
    const headers = { authorization: "Bearer sk_x", "content-type": "application/json" };
    const body = JSON.stringify({ recipients: ["ada"], data: {}, [EVIL]: 1 });
    await fetch(`${url}/v1/workflows/${encodeURIComponent(EVIL)}/trigger`, { method: "POST", headers, body });
    await fetch(`${url}/v1/workflows/new-comment/trigger`, { method: "POST", headers, body });
    process.kill("SIGTERM");
    const { stdout, stderr } = await process;
    expect(stderr).toContain("422 POST /v1/workflows/new-comment/trigger");
    expect(`${stdout}${stderr}`).not.toMatch(CONTROLS);
  });

  it("are unchanged in JSON, which is valid and safe to print", async ({ collab }) => {
    const id = await prepare(collab);
    const user = await collab.knock(["users", "get", "eve", "--json"]);
    expect(user.json.name).toBe(EVIL);
    expectClean(user);
    const message = await collab.knock(["messages", "show", id, "--json"]);
    expect((message.json.data as JsonObject).comment).toBe(EVIL);
    expectClean(message);
    const missing = await collab.knock(["users", "get", EVIL, "--json"]);
    expect(String(missing.error.message)).toContain("\u009b31m");
    expectClean(missing);
  });

  it("are unchanged in a message that --raw writes to another program", async ({ collab }) => {
    await prepare(collab);
    const { json } = await collab.knock(["messages", "--json"]);
    const feed = (json.items as JsonObject[]).find((one) => (one.channel as JsonObject).type === "in_app_feed");
    const { stdout } = await collab.knock(["messages", "show", String(feed?.id), "--raw"]);
    expect(JSON.parse(stdout)).toEqual(expect.anything());
    const email = (json.items as JsonObject[]).find((one) => (one.channel as JsonObject).type === "email");
    const raw = await collab.knock(["messages", "show", String(email?.id), "--raw"]);
    expect(raw.stdout).toContain("\r\n");
  });

  it.runIf(hasTerminal)("are escaped in a message that --raw shows on a terminal", async ({ collab }) => {
    const id = await prepare(collab);
    const { stdout } = await collab.onTerminal(["messages", "show", id, "--raw"]);
    expect(stdout.replace(OWN_STYLES, "")).not.toMatch(CONTROLS);
  });
});

describe("standard output and standard error", () => {
  it("are written to in only three files, and files in one", () => {
    const root = resolve(import.meta.dirname, "../../src");
    const writers = readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("page"))
      .filter((name) =>
        /\bstd(?:out|err)\b[^\n]*\bwrite\(|process\.std(?:out|err)\b|\bconsole\.|\bwriteSync\(/.test(
          readFileSync(join(root, name), "utf8"),
        ),
      );
    expect(writers.sort()).toEqual([
      // These files write bytes, or text that is already escaped, such as that of a spinner or a question.
      "context/open-process-stream.ts",
      "context/process-io.ts",
      // This one writes JSON to a file that the user names.
      "features/bulk/append-file.ts",
      "output/output.ts",
    ]);
  });
});
