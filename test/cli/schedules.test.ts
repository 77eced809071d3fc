import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const ID = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
const UNKNOWN = "1f7c2f0e-5a1d-4a7e-9a53-3b0f5b6d2c11";

/** A workflow with an SMS step, so that its content is short. */
function reminder(sample: Sample): void {
  sample.write("knock/workflows/reminder/workflow.json", {
    name: "Reminder",
    steps: [
      {
        ref: "sms_1",
        type: "channel",
        channel_type: "sms",
        channel_key: "sms",
        template: { text_body: "Hello {{ data.what }} {{ recipient.schedule.id }}" },
      },
    ],
  });
}

/** Freezes the store's clock at 10:00 on Wednesday, 4 June 2031. */
async function frozen(sample: Sample): Promise<void> {
  reminder(sample);
  await sample.knock(["clock", "freeze", "2031-06-04T10:00:00Z"]);
}

const weekly: JsonObject = {
  workflow: "reminder",
  recipients: ["ada", { id: "kim", name: "Kim", phone_number: "+15550000042", timezone: "Asia/Tokyo" }],
  repeats: [{ frequency: "weekly", days: ["mon"], hours: 9 }],
  data: { what: "again" },
};

async function create(sample: Sample, body: JsonObject): Promise<JsonObject[]> {
  sample.write("body.json", body);
  const created = await sample.knock(["schedules", "create", "--file", "body.json", "--json"]);
  expect({ exitCode: created.exitCode, stderr: created.stderr }).toEqual({ exitCode: 0, stderr: "" });
  return created.json.items as JsonObject[];
}

describe.concurrent("knock schedules", () => {
  it("keeps and reports a schedule with an invalid workflow, by clock and worker, until the workflow is fixed", async ({
    collab,
  }) => {
    await frozen(collab);
    const [{ id } = {}] = await create(collab, {
      workflow: "reminder",
      recipients: ["grace"],
      scheduled_at: "2031-06-04T11:00:00Z",
    });
    collab.write("knock/workflows/reminder/workflow.json", {
      name: "Reminder",
      steps: [{ ref: "sms_1", type: "sms" }],
    });
    const warning = `warning: schedule ${id} for grace was due at 2031-06-04 11:00:00Z and stays due until it can start: knock/workflows/reminder/workflow.json:6:15: steps[0].type is not a known step type: "sms"; use "type": "channel" with "channel_type": "sms"`;
    expect((await collab.knock(["clock", "advance", "2h"])).stderr).toBe(warning);
    expect((await collab.knock(["worker", "--once"])).stderr).toBe(`${warning}\n0 runs advanced`);
    reminder(collab);
    expect((await collab.knock(["worker", "--once"])).stdout).toMatch(/reminder {2}grace {2}sms sandboxed$/);
  });

  it("creates with the API's body, and the clock triggers scheduled runs", async ({ collab }) => {
    await frozen(collab);
    const created = await create(collab, weekly);
    expect(created).toMatchObject([
      { __typename: "Schedule", id: ID, workflow: "reminder", recipient: { id: "ada" }, last_occurrence_at: null },
      { id: ID, recipient: { id: "kim", name: "Kim" }, next_occurrence_at: "2031-06-09T00:00:00.000Z" },
    ]);
    const { json } = await collab.knock(["clock", "advance", "2w", "--json"]);
    const kims = (json.ran as JsonObject[]).filter(({ recipient }) => recipient === "kim");
    expect(kims.map(({ at, workflow }) => [at, workflow])).toEqual([
      ["2031-06-09T00:00:00.000Z", "reminder"],
      ["2031-06-16T00:00:00.000Z", "reminder"],
    ]);
    const list = await collab.knock(["messages", "list", "--recipient", "kim", "--json"]);
    const [newest] = list.json.items as JsonObject[];
    const { json: message } = await collab.knock(["messages", "show", String(newest?.id), "--json"]);
    expect(message.content).toMatchObject({ data: { body: `Hello again ${created[1]?.id}` } });
    const run = (await collab.knock(["runs", "list", "--recipient", "kim", "--json"])).json.items as JsonObject[];
    expect(run[0]?.trigger_source).toEqual({ type: "schedule", schedule_id: created[1]?.id });
  });

  it("sends a one-off schedule in the past at once, and create accepts --data, --set and standard input", async ({
    collab,
  }) => {
    await frozen(collab);
    const body = { workflow: "reminder", recipients: ["grace"], scheduled_at: "2031-06-01T10:00:00Z" };
    const args = ["schedules", "create", "--file", "-", "--data", '{"data":{"what":"late"}}', "--set", "tenant=acme"];
    const created = await collab.knock([...args, "--json"], { input: JSON.stringify(body) });
    expect(created.json.items).toMatchObject([
      {
        tenant: "acme",
        data: { what: "late" },
        next_occurrence_at: null,
        last_occurrence_at: "2031-06-04T10:00:00.000Z",
      },
    ]);
    const { json } = await collab.knock(["messages", "list", "--recipient", "grace", "--json"]);
    expect(json.items).toHaveLength(1);
  });

  it("creates several schedules of one recipient each with a bulk body", async ({ collab }) => {
    await frozen(collab);
    const schedule = { workflow: "reminder", scheduled_at: "2031-07-01T10:00:00Z" };
    const created = await create(collab, {
      schedules: ["ada", "grace"].map((recipient) => ({ ...schedule, recipient })),
    });
    expect(created.map(({ recipient }) => (recipient as JsonObject).id)).toEqual(["ada", "grace"]);
  });

  it("lists the newest first, filtered and in pages, and gets one", async ({ collab }) => {
    await frozen(collab);
    const [ada, kim] = (await create(collab, weekly)) as [JsonObject, JsonObject];
    const listed = async (...args: string[]) => (await collab.knock(["schedules", "list", "--json", ...args])).json;
    expect(await listed()).toEqual({ items: [kim, ada], page_info: { after: null, before: null, page_size: 50 } });
    expect((await listed("--recipient", "ada")).items).toEqual([ada]);
    expect((await listed("--workflow", "welcome")).items).toEqual([]);
    expect((await listed("--tenant", "acme")).items).toEqual([]);
    const first = await listed("--limit", "1");
    const { after } = first.page_info as JsonObject;
    expect([first.items, (await listed("--limit", "1", "--after", String(after))).items]).toEqual([[kim], [ada]]);
    expect((await collab.knock(["schedules", "get", String(ada.id), "--json"])).json).toEqual(ada);
  });

  it("prints a table, one schedule, or ids only", async ({ collab }) => {
    await frozen(collab);
    const [, kim] = await create(collab, {
      ...weekly,
      repeats: [{ frequency: "weekly", interval: 2, days: ["mon", "fri"], hours: 9, minutes: 5 }],
    });
    const table = await collab.knock(["schedules"]);
    expect(table.stdout.split("\n")).toHaveLength(3);
    expect(table.stdout).toMatch(/^SCHEDULE +WORKFLOW +RECIPIENT +NEXT +LAST +AT +REPEATS/);
    expect(table.stdout).toMatch(
      new RegExp(`${kim?.id} +reminder +kim +2031-06-06 00:05:00Z +09:05 +every 2 weeks on mon, fri`),
    );
    const shown = await collab.knock(["schedules", "get", String(kim?.id)]);
    expect(shown.stdout).toMatch(/next +2031-06-06 00:05:00Z\n/);
    const quiet = await collab.knock(["schedules", "list", "--recipient", "kim", "-q"]);
    expect(quiet.stdout).toBe(kim?.id);
  });

  it("updates and deletes by id", async ({ collab }) => {
    await frozen(collab);
    const [ada, kim] = (await create(collab, weekly)).map(({ id }) => String(id)) as [string, string];
    const change = ["schedules", "update", ada, kim, "--data", '{"repeats":[]}', "--json"];
    const updated = await collab.knock([...change, "--set", "scheduled_at=2031-06-05T08:00:00Z"]);
    expect(updated.json.items).toMatchObject([
      { id: ada, repeats: [], next_occurrence_at: "2031-06-05T08:00:00.000Z" },
      { id: kim, repeats: [], next_occurrence_at: "2031-06-05T08:00:00.000Z" },
    ]);
    const deleted = await collab.knock(["schedules", "delete", kim]);
    expect(deleted.stdout).toBe(`✓ schedule ${kim} deleted`);
    const { json } = await collab.knock(["clock", "advance", "2d", "--json"]);
    expect((json.ran as JsonObject[]).map(({ recipient }) => recipient)).toEqual(["ada"]);
    expect((await collab.knock(["schedules", "list", "--json"])).json.items).toMatchObject([{ id: ada }]);
  });

  it("names unidentified recipients", async ({ collab }) => {
    await frozen(collab);
    collab.write("body.json", { ...weekly, recipients: ["ghost"] });
    const created = await collab.knock(["schedules", "create", "--file", "body.json", "-q"]);
    expect(created.exitCode).toBe(0);
    expect(created.stderr).toMatch(/recipient "ghost" was never identified and will receive nothing/);
  });

  it.for<[title: string, args: string[], exit: number, code: string, message: RegExp]>([
    ["a missing body", ["create"], 2, "usage", /no body/],
    [
      "several errors with their locations",
      ["create", "--data", '{"workflow":"reminder","recipients":[],"repeats":[{"frequency":"daily","minutes":7}]}'],
      2,
      "invalid_params",
      /recipients must have at least one/,
    ],
    [
      "an unknown workflow",
      ["create", "--data", '{"workflow":"remindr","recipients":["ada"],"scheduled_at":"2031-07-01"}'],
      5,
      "workflow_missing",
      /remindr/,
    ],
    ["get of an unknown id", ["get", UNKNOWN], 5, "resource_missing", new RegExp(UNKNOWN)],
    ["delete of an unknown id", ["delete", UNKNOWN], 5, "resource_missing", new RegExp(UNKNOWN)],
    ["update of an unknown id", ["update", UNKNOWN, "--set", "tenant=x"], 5, "resource_missing", new RegExp(UNKNOWN)],
    ["duplicate ids", ["update", UNKNOWN, "--data", `{"schedule_ids":["${UNKNOWN}"]}`], 2, "usage", /given twice/],
  ])("rejects %s", async ([_title, args, exit, code, message], { collab }) => {
    reminder(collab);
    const { exitCode, error, stdout } = await collab.knock(["schedules", ...args, "--json"]);
    expect({ exitCode, code: error.code, stdout }).toEqual({ exitCode: exit, code, stdout: "" });
    expect(error.message).toMatch(message);
  });

  it("finds a schedule by a unique prefix, and lists the matches of an ambiguous one", async ({ collab }) => {
    await frozen(collab);
    const [first, second] = (await create(collab, weekly)).map(({ id }) => String(id)) as [string, string];
    const run = (...args: string[]) => collab.knock(["schedules", ...args, "--json"]);
    const prefix = `${first.slice(0, 30)}…`;
    expect((await run("get", prefix)).json.id).toBe(first);
    const updated = await run("update", prefix, "--data", '{"data":{"what":"now"}}');
    expect(updated.json.items).toMatchObject([{ id: first, data: { what: "now" } }]);
    const ambiguous = await run("delete", first.slice(0, 8));
    expect([ambiguous.exitCode, ambiguous.error.message]).toEqual([
      2,
      `several schedules have IDs that start with "${first.slice(0, 8)}"`,
    ]);
    expect((await run("delete", prefix)).json.items).toMatchObject([{ id: first }]);
    expect((await run("list")).json.items).toMatchObject([{ id: second }]);
  });

  it("names both errors in a body by their pointers", async ({ collab }) => {
    reminder(collab);
    const body = '{"workflow":"reminder","recipients":["a/b"],"repeats":[{"frequency":"daily","minutes":7}]}';
    const { error } = await collab.knock(["schedules", "create", "--data", body, "--json"]);
    expect(error.details).toEqual([
      { pointer: "/recipients/0", message: 'must not contain "/" or "#"' },
      { pointer: "/repeats/0/minutes", message: "must be a multiple of 5, found 7" },
    ]);
  });

  it("says that the remote target lists the schedules of a workflow or recipient only", async ({ collab }) => {
    const env = { KNOCK_API_KEY: "sk_test_abc" };
    const { exitCode, error } = await collab.knock(["schedules", "list", "--remote", "--json"], { env });
    expect({ exitCode, code: error.code }).toEqual({ exitCode: 3, code: "not_supported" });
    expect(error.hint).toContain("--workflow or --recipient");
  });
});
