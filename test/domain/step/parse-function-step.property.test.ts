import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { walkSteps } from "../../../src/domain/step-types/walk-steps.js";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../../../src/util/json.js";
import { buildCompleteExample } from "../../helpers/build-complete-example.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";

const example = buildCompleteExample;

describe("the complete example (section 20)", () => {
  it("parses with every step", () => {
    const workflow = parseWorkflow("ferry-booking", example());
    const types = [...walkSteps(workflow.steps)].map(({ step }) => step.type);
    expect(types).toEqual([
      "throttle",
      "batch",
      "http_fetch",
      "update_data",
      "update_user",
      "update_object",
      "ai_agent",
      "random_cohort",
      "channel",
      "channel",
      "wait_for_event",
      "delay",
      "branch",
      ...Array<string>(4).fill("channel"),
      "trigger_workflow",
      "channel",
    ]);
  });

  it("has the same version for equal files, and another after any change", () => {
    const version = (raw: JsonObject) => parseWorkflow("ferry-booking", raw).version_id;
    expect(version(example())).toBe(version(example()));
    const trigger = { type: "audience", audience_key: "riders" };
    expect(version({ ...example(), trigger })).not.toBe(version(example()));
  });
});

/** Returns every pointer in a document. */
function places(value: Json, path: (string | number)[] = []): (string | number)[][] {
  const inner = Array.isArray(value) ? [...value.entries()] : isJsonObject(value) ? Object.entries(value) : [];
  return [path, ...inner.flatMap(([key, child]) => places(child, [...path, key]))];
}

function withChange(value: Json, path: (string | number)[], change: (old: Json) => Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? withChange(item, rest, change) : item));
  const object = value as JsonObject;
  return { ...object, [key]: withChange(object[key] as Json, rest, change) };
}

const PLACES = places(example());
const STRANGE = [
  "",
  " ",
  "x",
  "{{",
  "event.a",
  "refs.batch_1.status",
  "constructor",
  "__proto__",
  "gid://Object/",
  "in_app_guide",
];
const anyJson = fc.oneof(
  fc.constantFrom<Json>(...STRANGE, 0, -1, 1e308, 2.5, true, null, [], {}, [[]], [{}], [null]),
  fc.jsonValue() as fc.Arbitrary<Json>,
);

describe("a mutated file", () => {
  it("parses as a workflow or causes a KnockError with a pointer", () => {
    let refused = 0;
    const mutation = fc.tuple(fc.nat(PLACES.length - 1), anyJson, fc.boolean());
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const raw = mutations.reduce<Json>((document, [place, value, wrap]) => {
          const path = PLACES[place] as (string | number)[];
          try {
            return withChange(document, path, (old) => (wrap ? [old, value] : value));
          } catch {
            return document; // an earlier mutation removed this location
          }
        }, example());
        try {
          expect(parseWorkflow("ferry-booking", raw).steps).toBeInstanceOf(Array);
        } catch (error) {
          if (!(error instanceof KnockError)) throw error;
          refused++;
          expect(["workflow_invalid", "not_supported"]).toContain(error.code);
          expect(error.details.length).toBeGreaterThan(0);
        }
      }),
      getPropertyRuns(10_000),
    );
    expect(refused).toBeGreaterThan(0);
  });
});
