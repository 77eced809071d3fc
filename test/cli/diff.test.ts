import { describe, expect } from "vitest";
import { openProjectApi, type ProjectApi, SAMPLE_FILES } from "../helpers/project-emulator.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import type { CommandResult, Sample } from "../helpers/run-knock.js";

const it = inProcessTest.extend<{ api: ProjectApi }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires a destructured parameter
  api: async ({}, use) => {
    const api = await openProjectApi({});
    await use(api);
    await api.close();
  },
});

const HELLO = "knock/workflows/hello/workflow.json";

function diff(sample: Sample, api: ProjectApi, args: readonly string[], env = {}): Promise<CommandResult> {
  for (const [name, content] of Object.entries(SAMPLE_FILES)) sample.write(name, content as never);
  sample.write(
    HELLO,
    JSON.stringify(SAMPLE_FILES[HELLO]).replace("Hi {{ n }}", "Hi {{ n }}{% if n > 1 %}!{% endif %}"),
  );
  const settings = { env: { KNOCK_API_KEY: "sk_test_1", KNOCK_BASE_URL: api.url, ...env } };
  return sample.knock(["diff", ...args], settings);
}

const countRuns = async (api: ProjectApi): Promise<number> =>
  ((await api.request("GET /v1/workflow_recipient_runs")).body.items as unknown[]).length;

describe.concurrent("knock diff", () => {
  it("exits 0 without differences, and 1 with some", async ({ empty, api }) => {
    const equal = await diff(empty, api, ["hello", "-r", "ada,ghost", "--set", "n:=1", "--remote"]);
    expect(equal.exitCode).toBe(0);
    expect(equal.stderr).toBe("note: recipients that were never identified on either side cannot be compared: ghost");
    expect(equal.stdout).toMatch(/\n✓ 0 of 2 recipients with differences \(0 steps; messages: .*, 1 equal\)$/);

    const changed = await diff(empty, api, ["hello", "-r", "ada,bo", "--set", "n:=2"]);
    expect(changed.exitCode).toBe(1);
    expect(changed.stdout.split("\n")).toEqual([
      expect.stringMatching(/^hello {2}[-\w]{36} {2}- account {2}\+ local files$/),
      "",
      ...["ada", "bo"].flatMap((recipient) => [
        recipient,
        "  ~ changed  feed_1  feed  Hi 2!",
        "      blocks[0].rendered",
        "        - <p>Hi 2</p>",
        "        + <p>Hi 2!</p>",
        "",
      ]),
      "✗ 2 of 2 recipients with differences (0 steps; messages: 0 only on the account, 0 only local, 2 changed, 0 equal)",
    ]);
    // Nothing is delivered, and the local store is not used.
    const { items } = (await api.request("GET /v1/messages?channel_id=mail")).body as { items: unknown[] };
    expect(items).toEqual([]);
    expect(() => empty.read(".knock-local/store.db")).toThrow("ENOENT");
  });

  it("uses the account's recipients, or those of the project with --project-recipients", async ({ empty, api }) => {
    const preferences = { channel_types: { in_app_feed: false } };
    expect((await api.request("PUT /v1/users/ada/preferences/default", preferences)).status).toBe(200);
    const args = ["hello", "-r", "ada", "--set", "n:=1"];
    expect((await diff(empty, api, args)).exitCode).toBe(0);
    const { exitCode, stdout } = await diff(empty, api, [...args, "--project-recipients"]);
    expect(stdout).toContain("feed_1  account: skipped (preference: channel_types.in_app_feed = false); local: ");
    expect(exitCode).toBe(1);
  });

  it("exits 10 if the account takes longer than --wait", async ({ empty }) => {
    const files = {
      "knock/workflows/digest/workflow.json": {
        name: "Digest",
        steps: [{ ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } }],
      },
    };
    const api = await openProjectApi(files);
    for (const [name, content] of Object.entries(files)) empty.write(name, content);
    const { exitCode, stderr, json } = await diff(empty, api, ["digest", "-r", "ada", "--wait", "0s", "--json"]);
    await api.close();
    expect({ exitCode, json }).toMatchObject({ exitCode: 10, json: { timed_out: true } });
    expect(stderr).toContain("timed out while waiting for the account");
  });

  it.for<[args: string[], exitCode: number, error: string, env?: Record<string, string>]>([
    [
      ["hello", "-r", "ada"],
      6,
      "the API key is a live key",
      { KNOCK_API_KEY: "sk_live_1", KNOCK_BASE_URL: "https://api.lark.test" },
    ],
    [["hello", "-r", "ada"], 4, "no API key for the remote target", { KNOCK_API_KEY: "" }],
    [["hello", "-r", "ada,bo", "--max-recipients", "1"], 6, "--max-recipients is 1, but the trigger has 2 recipients"],
    [["--file", "many.jsonl"], 2, "a file with many triggers cannot be compared"],
    [["hello", "-r", "ada", "--wait", "soon"], 2, "--wait"],
    [["helo", "-r", "ada"], 5, 'no workflow "helo"'],
    [["-r", "ada"], 2, "no workflow key given"],
  ])("rejects %j before anything is sent", async ([args, exitCode, error, env], { empty, api }) => {
    const result = await diff(empty, api, args, env);
    expect(result).toMatchObject({ exitCode, stdout: "", stderr: expect.stringContaining(error) });
    expect(await countRuns(api)).toBe(0);
  });
});
