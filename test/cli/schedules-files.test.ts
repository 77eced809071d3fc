import { rmSync } from "node:fs";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const FILE = "knock/schedules/team.json";
const MONDAYS = [{ frequency: "weekly", days: ["mon"], hours: 9 }];
const WEEKLY = { key: "weekly", workflow: "hello", recipients: ["ada", "grace"], repeats: MONDAYS };
const ONCE = { key: "once", workflow: "hello", recipients: ["ada"], scheduled_at: "2030-06-05T09:00:00Z" };

/** Returns the schedules in the store, without the times at which they were created. */
async function list(sample: Sample): Promise<JsonObject[]> {
  const { json, stderr } = await sample.knock(["schedules", "list", "--json"]);
  expect(stderr).toBe("");
  return json.items as JsonObject[];
}

/** Creates a project whose clock is frozen at a Tuesday, with a schedules file. */
async function start(sample: Sample, ...schedules: JsonObject[]): Promise<void> {
  await sample.knock(["init"]);
  await sample.knock(["clock", "freeze", "2030-06-04T10:00Z"]);
  sample.write(FILE, { schedules });
}

describe("schedules/*.json", () => {
  it("creates a schedule for each recipient, which runs like any other", async ({ empty }) => {
    await start(empty, WEEKLY, { ...ONCE, data: { from: "Grace" } });
    const all = await list(empty);
    // Grace's Monday in New York starts later than Ada's in London.
    expect(all.map(({ next_occurrence_at }) => next_occurrence_at).sort()).toEqual([
      "2030-06-05T09:00:00.000Z",
      "2030-06-10T08:00:00.000Z",
      "2030-06-10T13:00:00.000Z",
    ]);
    const { stdout } = await empty.knock(["clock", "advance", "7d"]);
    expect(stdout.match(/hello +(ada|grace) +in-app delivered/g)).toHaveLength(3);
  });

  it("changes schedules of entries that keep their key, and leaves the others as they are", async ({ empty }) => {
    await start(empty, WEEKLY, ONCE);
    const before = await list(empty);
    const { stdout } = await empty.knock(["clock", "advance", "2d"]);
    expect(stdout).toContain("hello  ada");
    empty.write(FILE, {
      schedules: [
        { ...WEEKLY, data: { from: "Alan" } },
        { ...ONCE, data: { from: "Alan" } },
      ],
    });
    const after = await list(empty);
    expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
    for (const schedule of after) expect(schedule.data).toEqual({ from: "Alan" });
    // A schedule that has occurred once does not occur again.
    expect(after.map(({ next_occurrence_at }) => next_occurrence_at)).toContain(null);
    empty.write(FILE, { schedules: [{ ...WEEKLY, repeats: [{ ...MONDAYS[0], hours: 12 }] }, ONCE] });
    const times = (await list(empty)).map(({ next_occurrence_at }) => next_occurrence_at);
    expect(times).toEqual(expect.arrayContaining(["2030-06-10T11:00:00.000Z", "2030-06-10T16:00:00.000Z", null]));
  });

  it("deletes what removed entries, recipients and files created, and nothing else", async ({ empty }) => {
    await start(empty, WEEKLY, ONCE);
    const body = JSON.stringify({ workflow: "hello", recipients: ["grace"], scheduled_at: "2031-01-01T00:00:00Z" });
    await empty.knock(["schedules", "create", "--data", body]);
    expect(await list(empty)).toHaveLength(4);
    empty.write(FILE, { schedules: [{ ...WEEKLY, recipients: ["grace"] }] });
    expect((await list(empty)).map(({ recipient }) => (recipient as JsonObject).id)).toEqual(["grace", "grace"]);
    rmSync(empty.path(FILE));
    expect((await list(empty)).map(({ next_occurrence_at }) => next_occurrence_at)).toEqual([
      "2031-01-01T00:00:00.000Z",
    ]);
    empty.write(FILE, { schedules: [ONCE] });
    expect(await list(empty)).toHaveLength(2);
  });

  it("is applied once per change, so a deleted schedule stays deleted", async ({ empty }) => {
    await start(empty, ONCE);
    const [schedule] = await list(empty);
    await empty.knock(["schedules", "delete", String(schedule?.id)]);
    expect(await list(empty)).toEqual([]);
  });

  it("identifies inline recipients, in their own time zone", async ({ empty }) => {
    const zoe = { id: "zoe", email: "zoe@example.com", timezone: "Asia/Tokyo" };
    await start(empty, { ...WEEKLY, recipients: [zoe] });
    expect(await list(empty)).toMatchObject([{ next_occurrence_at: "2030-06-10T00:00:00.000Z" }]);
    expect((await empty.knock(["users", "get", "zoe"])).stdout).toContain("zoe@example.com");
  });

  it("leaves scenarios without schedules", async ({ empty }) => {
    await start(empty, WEEKLY);
    const { stdout, exitCode } = await empty.knock(["test"]);
    expect([exitCode, stdout], stdout).toEqual([0, expect.stringContaining("1 passed")]);
  });

  it("reports mistakes with file and place, and changes nothing", async ({ empty }) => {
    await start(empty, WEEKLY);
    const before = await list(empty);
    empty.write(FILE, '{\n  "schedules": [\n    { "key": "a", "workflow": "hello", "recipients": [] }\n  ]\n}\n');
    const { stderr, exitCode } = await empty.knock(["schedules", "list"]);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^error: knock\/schedules\/team\.json:3:\d+: schedules\[0\]/);
    const { stdout } = await empty.knock(["validate"]);
    expect(stdout).toMatch(
      /^knock\/schedules\/team\.json:3:\d+: error: schedules\[0\]\.recipients must have at least one/m,
    );
    expect(stdout).toMatch(/schedules\[0\]\.scheduled_at is required without repeats/);
    empty.write(FILE, { schedules: [WEEKLY] });
    expect(await list(empty)).toEqual(before);
  });

  it("is validated: workflows, data and repeated keys", async ({ empty }) => {
    await start(empty, { ...WEEKLY, workflow: "helo" }, { ...ONCE, data: { from: 5 } });
    const { json } = await empty.knock(["validate", "--json"]);
    expect(
      (json.findings as JsonObject[]).map(({ file, pointer, code, message }) => [file, pointer, code, message]),
    ).toEqual([
      [FILE, "/schedules/0/workflow", "unknown_workflow", expect.stringContaining('is not a workflow: "helo"')],
      [
        FILE,
        "/schedules/1/data/from",
        "sample_data_invalid",
        expect.stringContaining("data.from must be string, found 5"),
      ],
    ]);
    empty.write(FILE, { schedules: [WEEKLY, WEEKLY] });
    expect((await empty.knock(["validate"])).stdout).toContain('"weekly" is already the key of another entry');
  });
});
