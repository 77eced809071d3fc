import fc from "fast-check";
import { expect, it } from "vitest";
import { parseGuide } from "../../../src/domain/guide/parse-guide.js";
import { parseMessageType } from "../../../src/domain/guide/parse-message-type.js";
import { compileGuides } from "../../../src/engine/guides/compile-guide.js";
import { RenderError } from "../../../src/engine/liquid/liquid.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { JsonObject } from "../../../src/util/json.js";
import { hasParent } from "../../helpers/catch-error.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";
import { arbitraryJson, arbitraryMutation } from "../../helpers/json-arbitraries.js";

const TYPE: JsonObject = {
  name: "Banner",
  preview: "",
  variants: [
    {
      key: "default",
      name: "Default",
      fields: [
        { type: "text", key: "title", label: null, settings: { required: true, min_length: 1 } },
        { type: "markdown", key: "body", label: null },
        { type: "number", key: "order", label: null, settings: { default: 1, max: 9 } },
        { type: "select", key: "size", label: null, settings: { options: [{ value: "s" }] } },
        { type: "button", key: "button", label: null, action: { settings: { default: "/" } } },
        { type: "json", key: "extra", label: null, settings: { schema: { type: "object" } } },
        { type: "list", key: "items", label: null },
      ],
    },
  ],
};
const GUIDE: JsonObject = {
  name: "Tour",
  channel_key: "tours",
  steps: [
    {
      ref: "one",
      schema_key: "banner",
      schema_semver: "0.1.0",
      schema_variant_key: "default",
      values: {
        title: "Hi {{ recipient.name }}",
        body: "*x*",
        button: { text: "Go" },
        extra: { a: [1] },
        items: ["{{ x }}"],
      },
    },
  ],
  target_audience_key: "club",
  target_property_conditions: { any: [{ variable: "data.a", operator: "is_between", argument: [1, 2] }] },
  activation_url_patterns: [{ directive: "block", pathname: "/a/*", search: "b=1" }],
  active_from: "2025-01-01T00:00:00Z",
  __readonly: { active: true, semver: "1.0.0" },
};
const KEYS = ["values", "steps", "directive", "pathname", "operator", "all", "default", "settings", "type"];

/** Checks that only a KnockError with a location is thrown. */
function attempt(raw: unknown, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    for (const { pointer } of error.details) expect([pointer, hasParent(raw, pointer)]).toEqual([pointer, true]);
  }
}

it("a mutated guide parses and renders, or causes a KnockError with pointers", () => {
  const messageTypes = new Map([["banner", parseMessageType("banner", TYPE, "file")]]);
  let rendered = 0;
  fc.assert(
    fc.property(fc.oneof(arbitraryMutation(GUIDE, arbitraryJson(...KEYS)), arbitraryJson(...KEYS)), (raw) => {
      attempt(raw, () => {
        const around = { fileName: "guide.json", messageTypes, findDeclaredType: () => undefined, isManaged: false };
        const guide = parseGuide("tour", raw, around);
        for (const { contents } of compileGuides({ guides: [guide], errors: new Map() }).guides) {
          for (const content of contents) {
            try {
              content({ recipient: { name: "Una" }, data: {}, x: 1 });
              rendered++;
            } catch (error) {
              expect(error).toBeInstanceOf(RenderError);
            }
          }
        }
      });
    }),
    getPropertyRuns(7_500),
  );
  expect(rendered).toBeGreaterThan(0);
});

it("a mutated message type parses, or causes a KnockError with pointers", () => {
  fc.assert(
    fc.property(fc.oneof(arbitraryMutation(TYPE, arbitraryJson(...KEYS)), arbitraryJson(...KEYS)), (raw) =>
      attempt(raw, () => expect(parseMessageType("banner", raw, "file").variants.length).toBeGreaterThan(0)),
    ),
    getPropertyRuns(7_500),
  );
});
