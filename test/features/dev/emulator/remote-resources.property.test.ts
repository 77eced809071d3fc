import fc from "fast-check";
import { expect, it } from "vitest";
import { KnockError } from "../../../../src/errors/knock-error.js";
import type { ResourceOperations } from "../../../../src/ports/resource-operations.js";
import { openRemote } from "../../../../src/remote/open-remote.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { EngineHarness } from "../../../helpers/engine-harness.js";
import { getPropertyRuns } from "../../../helpers/get-property-runs.js";
import { arbitraryJson } from "../../../helpers/json-arbitraries.js";
import { openTestEmulator } from "../../../helpers/test-emulator.js";
import { buildClientOptions } from "../../../remote/open-options.js";

const name = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.constantFrom("..", "%", "%2F", "a\0b", "\ud800", "__proto__", " x ", "#", "?", "&=", "default", "$users", "\r\n"),
);
const body = fc.dictionary(
  fc.oneof(fc.constantFrom("name", "email", "locale", "preferences", "channel_data", "settings", "id"), name),
  arbitraryJson(),
  { maxKeys: 3 },
) as fc.Arbitrary<JsonObject>;

/** The calls that are compared, with names and a body that may be invalid. */
function buildCalls(id: string, group: string, values: JsonObject) {
  const object = { collection: group, id };
  const schedule = { workflow: group, recipients: [id], data: values, scheduled_at: "2090-01-01T00:00:00Z" };
  const calls: ((resources: ResourceOperations) => Promise<unknown>)[] = [
    ({ users }) => users.set(id, values),
    ({ users }) => users.read(id),
    ({ objects }) => objects.set(group, id, values),
    ({ objects }) => objects.read(group, id),
    async ({ objects }) => (await objects.list(group, { limit: 3 })).items,
    ({ tenants }) => tenants.set(id, values),
    ({ tenants }) => tenants.read(id),
    ({ preferences }) => preferences.set(id, group, values),
    ({ preferences }) => preferences.set(object, group, values),
    ({ preferences }) => preferences.list(id),
    async ({ audiences }) => (await audiences.list(group, { limit: 1 })).items,
    ({ subscriptions }) => subscriptions.add(object, { recipients: ["ada", id], properties: values }),
    async ({ subscriptions }) => (await subscriptions.list({ recipient: id }, { limit: 2 })).items,
    ({ schedules }) => schedules.create(schedule),
    ({ users }) => users.merge(id, group),
    ({ users }) => users.delete(id),
    ({ tenants }) => tenants.delete(id),
    ({ objects }) => objects.delete(group, id),
  ];
  return calls;
}

/** Returns the result without times, or the error's code. */
async function describeResult(call: Promise<unknown>): Promise<unknown> {
  try {
    const text = JSON.stringify(await call, (key, value: unknown) => (key.endsWith("_at") ? null : value));
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof KnockError) return error.code;
    throw error;
  }
}

it("resources have the same results on the engine and over the API, for any names and values", async () => {
  const local = await (await EngineHarness.open()).engine.openResources();
  const emulator = await openTestEmulator(await EngineHarness.open());
  const remote = openRemote(buildClientOptions({ url: emulator.url, apiKey: "sk_test" }));
  const hosted = await remote.openResources();
  try {
    await fc.assert(
      fc.asyncProperty(name, name, body, async (id, group, values) => {
        for (const call of buildCalls(id, group, values))
          expect(await describeResult(call(hosted)), String(call)).toEqual(await describeResult(call(local)));
      }),
      getPropertyRuns(300),
    );
  } finally {
    await remote.close();
    await emulator.close();
  }
});
