import fc from "fast-check";
import type { Json, JsonObject } from "../../../../src/util/json.js";
import { EngineHarness } from "../../../helpers/engine-harness.js";
import { arbitraryChange, arbitraryJson } from "../../../helpers/json-arbitraries.js";
import { ErrorChecker, type FuzzTarget } from "../fuzz-target.js";
import { hostileText, hostileValue } from "../hostile-values.js";
import { readSampleDocuments } from "../project-documents.js";

interface RunInput {
  workflow: Json;
  data: JsonObject;
  /** The answer to requests of fetch and agent steps. */
  answer: { status: number; text: string };
}

const KEYS = ["page", "comment", "items", "product", "name", "a", "at", "parcel", "stars", "url"];
const samples = await readSampleDocuments(/workflow\.json$/);
const STEP_PARTS = [
  { delay_for: { unit: "seconds", value: 1 } },
  { delay_until_field_path: "data.at" },
  { unit: "days", value: 400 },
  "data.a",
  "recipient.timezone",
  "{{ data.a | date: data.name }}",
  "{% for x in data.items %}{{ x.a }}{% endfor %}",
  "{{ data.page }}",
  { all: [{ variable: "data.a", operator: "contains", argument: "data.name" }] },
];
const change = arbitraryChange(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...(STEP_PARTS as Json[])) },
    { weight: 2, arbitrary: hostileValue("ref", "type", "value") },
  ),
);
const workflow = fc.oneof(
  fc.constantFrom(...samples),
  fc.tuple(fc.constantFrom(...samples), change).map(([sample, apply]) => apply(sample)),
);
const data = fc.dictionary(fc.constantFrom(...KEYS), hostileValue("a", "name", "toString", "length", "size"), {
  maxKeys: 6,
}) as fc.Arbitrary<JsonObject>;
const answer = fc.record({
  status: fc.constantFrom(200, 200, 200, 204, 301, 404, 429, 500),
  text: fc.oneof(
    arbitraryJson("status", "data", "items", "a").map((json) => JSON.stringify(json)),
    hostileText,
  ),
});

/** Inputs after which the engine gets a new store. */
const INPUTS_PER_STORE = 200;
const DAYS = 3 * 86_400_000;

/** Runs of changed workflows with hostile data and answers. No run ends because of an error in knock. */
export const runsTarget: FuzzTarget<RunInput> = {
  name: "runs",
  runs: 8_000,
  shortRuns: 60,
  maxMilliseconds: 10_000,
  inputs: fc.record({ workflow, data, answer }),
  async open() {
    const errors: ErrorChecker = await ErrorChecker.open();
    let harness = await EngineHarness.open();
    let count = 0;
    return {
      async check({ workflow: definition, data: payload, answer: response }) {
        if (++count % INPUTS_PER_STORE === 0) {
          await harness.close();
          harness = await EngineHarness.open();
        }
        harness.respond = () => response;
        const isDefined = errors.attempt(() => harness.define("fuzzed", definition as JsonObject)) !== undefined;
        if (!isDefined) return;
        const trigger = {
          recipients: ["ana", "bo", { collection: "projects", id: "p1" }],
          actor: "eli",
          data: payload,
        };
        const started = await errors.attemptAsync(() => harness.trigger("fuzzed", trigger));
        if (started === undefined) return;
        await harness.moveTo(harness.now + DAYS);
        const outcome = await harness.readOutcome(started);
        if (
          /"internal_error"/.test(
            JSON.stringify(outcome.recipients?.map(({ reason, steps }) => [reason, steps.map((one) => one.reason)])),
          )
        )
          throw new Error(JSON.stringify(outcome.recipients));
        for (const recipient of outcome.recipients ?? [])
          if (recipient.recipient_run_id !== null) await harness.engine.readRecipientRun(recipient.recipient_run_id);
      },
      close: () => harness.close(),
    };
  },
};
