import { afterEach, describe, expect, it } from "vitest";
import { getChannelId } from "../../../../src/domain/environment/environment.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { openProjectApi, type ProjectApi } from "../../../helpers/project-emulator.js";

let api: ProjectApi | undefined;

async function open(environment: object = {}): Promise<ProjectApi> {
  api = await openProjectApi({ "knock/environment.json": environment });
  return api;
}

afterEach(async () => {
  await api?.close();
  api = undefined;
});

/** Returns each message's events, oldest first. */
async function listEvents({ request }: ProjectApi): Promise<string[][]> {
  const { items } = (await request("GET /__knock/messages")).body as { items: JsonObject[] };
  const lists: string[][] = [];
  for (const { id } of items) {
    const events = (await request(`GET /v1/messages/${id}/events`)).body.items as JsonObject[];
    lists.push(events.map(({ type }) => String(type).replace("message.", "")).reverse());
  }
  return lists;
}

const fault = (from: ProjectApi, body: object) => from.request("POST /__knock/faults", body);
const later = (from: ProjectApi, advance: string) => from.request("POST /__knock/clock", { advance });

describe("/__knock/faults", () => {
  it("retry a sandboxed channel's injected failure like a provider's, then restore the sandbox", async () => {
    const from = await open();
    const created = await fault(from, { channel: "mail", status: 503, times: 2 });
    expect(created).toMatchObject({ status: 200, body: { channel: "mail", channels: ["mail"], status: 503, left: 2 } });
    await from.trigger("letter", "ada");
    expect(await listEvents(from)).toEqual([["created", "queued", "delivery_attempted", "queued"]]);
    await later(from, "20s");
    await later(from, "1m");
    const again = ["delivery_attempted", "queued"];
    expect(await listEvents(from)).toEqual([["created", "queued", ...again, ...again, "not_sent"]]);
    expect((await from.request("GET /__knock/faults")).body.items).toMatchObject([{ left: 0, failed: 2 }]);
    await from.trigger("letter", "bo");
    expect((await listEvents(from))[1]).toEqual(["created", "queued", "not_sent"]);
  });

  it("make a message undelivered after eight attempts", async () => {
    const from = await open();
    await fault(from, { channel: "email", error: "timeout", times: 8 });
    await from.trigger("letter", "ada");
    await later(from, "2h");
    const [events] = await listEvents(from);
    expect(events?.filter((type) => type === "delivery_attempted")).toHaveLength(8);
    expect(events?.at(-1)).toBe("undelivered");
    const { items } = (await from.request("GET /v1/messages")).body as { items: JsonObject[] };
    const [last] = (await from.request(`GET /v1/messages/${items[0]?.id}/events`)).body.items as JsonObject[];
    expect(last?.data).toMatchObject({
      failure_reason: "retries_exhausted",
      failure_details: "fault: no answer in time",
    });
  });

  it("appear in the result of the clock move during which they occurred", async () => {
    const from = await open();
    await fault(from, { channel: "email", status: 500, times: 8 });
    await from.trigger("letter", "ada");
    const moved = await from.request("POST /__knock/clock", { advance: "2h" });
    expect(moved.body.failed_deliveries).toMatchObject([
      { recipient: "ada", workflow: "letter", channel: "mail", status: "undelivered", attempts: 8 },
    ]);
    const after = await from.request("POST /__knock/clock", { advance: "2h" });
    expect(after.body).not.toHaveProperty("failed_deliveries");
  });

  it.each([
    [{ status: 400 }, ["delivery_attempted", "undelivered"]],
    [{ status: 404 }, ["delivery_attempted", "undelivered"]],
    [{ status: 429 }, ["delivery_attempted", "queued"]],
    [{ status: 500 }, ["delivery_attempted", "queued"]],
    [{ error: "connection" }, ["delivery_attempted", "queued"]],
    [{ error: "malformed" }, ["delivery_attempted", "undelivered"]],
    [{ error: "bounced" }, ["bounced"]],
  ])("apply %j", async (how, expected) => {
    const from = await open();
    await fault(from, { channel: getChannelId("mail"), ...how });
    await from.trigger("letter", "ada");
    expect(await listEvents(from)).toEqual([["created", "queued", ...expected]]);
  });

  it("fail at a rate, reproducibly for a seed", async () => {
    const from = await open();
    const drawn = async (seed: string): Promise<boolean[]> => {
      await fault(from, { channel: "mail", error: "bounced", rate: 0.5, seed });
      for (let count = 0; count < 24; count++) await from.trigger("letter", "ada");
      const bounced = (await listEvents(from)).map((events) => events.includes("bounced"));
      await from.request("POST /__knock/reset");
      return bounced;
    };
    const first = await drawn("seven");
    expect(await drawn("seven")).toEqual(first);
    expect(await drawn("eight")).not.toEqual(first);
    expect([first.includes(true), first.includes(false)]).toEqual([true, true]);
  });

  it("reach webhooks and the conditions of later steps", async () => {
    const from = await open();
    const letter = JSON.parse(
      JSON.stringify((await import("../../../helpers/project-emulator.js")).SAMPLE_FILES),
    ) as JsonObject;
    const [mail] = (letter["knock/workflows/letter/workflow.json"] as { steps: JsonObject[] }).steps;
    const [feed] = (letter["knock/workflows/hello/workflow.json"] as { steps: JsonObject[] }).steps;
    const delay = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "minutes", value: 1 } } };
    const undelivered = {
      all: [{ variable: "refs.email_1.delivery_status", operator: "equal_to", argument: "$message.undelivered" }],
    };
    from.project.write({
      "knock/workflows/both/workflow.json": {
        name: "Both",
        steps: [mail, delay, { ...feed, conditions: undelivered }],
      },
    });
    await from.trigger("both", "ada");
    await fault(from, { channel: "mail", status: 410 });
    await from.trigger("both", "bo");
    await later(from, "2m");
    const { items } = (await from.request("GET /__knock/messages")).body as { items: JsonObject[] };
    expect(items.map(({ recipient, channel }) => [recipient, (channel as JsonObject).key])).toEqual([
      ["ada", "mail"],
      ["bo", "mail"],
      ["bo", "feed"],
    ]);
  });

  it("end with DELETE and with a reset", async () => {
    const from = await open();
    await fault(from, { channel: "mail", status: 500 });
    expect((await from.request("DELETE /__knock/faults")).body).toEqual({ cleared: 1 });
    await fault(from, { channel: "mail", status: 500 });
    await from.request("POST /__knock/reset");
    expect((await from.request("GET /__knock/faults")).body).toEqual({ items: [] });
    await from.trigger("letter", "ada");
    expect(await listEvents(from)).toEqual([["created", "queued", "not_sent"]]);
  });

  it.each([
    [{ status: 500 }, "channel", "is required"],
    [{ channel: "mial", status: 500 }, "channel", 'did you mean "mail"?'],
    [{ channel: "feed", status: 500 }, "channel", "cannot fail"],
    [{ channel: "mail" }, "status", "or error is required"],
    [{ channel: "mail", status: 500, error: "timeout" }, "status", "but not both"],
    [{ channel: "mail", status: 200 }, "status", "from 400 to 599"],
    [{ channel: "mail", error: "bounce" }, "error", 'did you mean "bounced"?'],
    [{ channel: "mail", status: 500, times: 0 }, "times", "above 0"],
    [{ channel: "mail", status: 500, rate: 2 }, "rate", "at most 1"],
    [{ channel: "mail", status: 500, seed: {} }, "seed", "string or a number"],
  ])("reject %j", async (body, field, message) => {
    const refused = await fault(await open(), body);
    expect([refused.status, refused.body.errors]).toEqual([
      422,
      [{ field, message: expect.stringContaining(message), type: null }],
    ]);
  });
});
