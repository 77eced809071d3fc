import { afterEach, describe, expect, it } from "vitest";
import { openProject, type Project } from "../../src/project/open-project.js";
import type { JsonObject } from "../../src/util/json.js";
import { catchRejection } from "../helpers/catch-error.js";
import { type Files, TemporaryProject } from "../helpers/temporary-project.js";

const projects: TemporaryProject[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

function open(files: Files): Project {
  const root = new TemporaryProject({ "knock/": "", ...files });
  projects.push(root);
  return openProject({ root: root.root, knockDir: root.path("knock"), settings: {} }, root.root);
}

const SCHEMA = {
  type: "object",
  properties: { parcel: { type: "string" }, days: { type: "integer", default: 3 } },
  required: ["parcel", "days"],
};
const REQUEST = { name: "Parcel", method: "POST", url: "https://a.test/{{ inputs.parcel }}", input_schema: SCHEMA };
const request = (more: JsonObject = {}): Files => ({ "knock/requests/parcel/request.json": { ...REQUEST, ...more } });
const fetches = (settings: JsonObject): Files => ({
  "knock/workflows/w/workflow.json": {
    steps: [{ ref: "f", type: "http_fetch", settings: { reusable_step_key: "parcel", ...settings } }],
  },
});

describe("shared requests of a project", () => {
  it("E-305, F-010, F-020 are read from requests/<key>/, with the files they refer to", async () => {
    const project = open({
      "knock/requests/parcel/request.json": {
        $schema: "x",
        ...REQUEST,
        "body@": "body.json",
        __readonly: { key: "parcel" },
      },
      "knock/requests/parcel/body.json": '{ "id": "{{ inputs.parcel }}" }',
    });
    expect(await project.request("parcel")).toEqual({
      key: "parcel",
      method: "post",
      url: "https://a.test/{{ inputs.parcel }}",
      headers: [],
      query_params: [],
      body: '{ "id": "{{ inputs.parcel }}" }',
      response_path: null,
      signing_key: null,
      input_schema: SCHEMA,
    });
    expect(await project.request("../parcel")).toBeNull();
    expect(await project.request("nobody")).toBeNull();
  });

  it.each<[string, JsonObject, string]>([
    ["an unknown key", { header: [] }, '1:228: unknown key "header"; did you mean "headers"?'],
    ["no URL", { url: "" }, "1:40: url must not be empty"],
    ["no method", { method: null }, '1:27: method must be "get", "post"'],
    [
      "a schema of a type that does not exist",
      { input_schema: { type: "objekt" } },
      "1:100: input_schema.type must be",
    ],
    ["inputs without names", { input_schema: { type: "array" } }, '1:100: input_schema.type must be "object"'],
    ["a path with an empty segment", { response_path: "a..b" }, "1:235: response_path must be a dotted path"],
  ])("E-305 reject %s", async (_what, more, message) => {
    const error = await catchRejection(open(request(more)).request("parcel"));
    expect(error).toMatchObject({ code: "project_invalid" });
    expect(error.message).toContain(`knock/requests/parcel/request.json:${message}`);
  });

  it.each<[string, JsonObject, string, string]>([
    [
      "a missing request",
      { reusable_step_key: "parcels" },
      "/steps/0/settings/reusable_step_key",
      "is not a shared request",
    ],
    ["a missing input", {}, "/steps/0/settings/inputs/parcel", "is required by the request"],
    [
      "an unknown input",
      { inputs: { parcel: "1", parcle: "2" } },
      "/steps/0/settings/inputs/parcle",
      'did you mean "parcel"?',
    ],
    ["a URL of its own", { url: "https://b.test" }, "/steps/0/settings/url", "cannot be combined with"],
    ["a body of its own", { body: "{}" }, "/steps/0/settings/body", "cannot be combined with"],
  ])("E-305 reject a step with %s", async (_what, settings, pointer, message) => {
    const error = await catchRejection(open({ ...request(), ...fetches(settings) }).workflow("w"));
    expect(error).toMatchObject({ code: "workflow_invalid", details: [{ pointer }] });
    expect(error.details[0]?.message).toContain(message);
  });

  it("E-305 suggest the nearest request, and report an invalid one by its file", async () => {
    const far = open({ ...request(), ...fetches({ reusable_step_key: "parcels" }) });
    expect((await catchRejection(far.workflow("w"))).hint).toContain('Did you mean "parcel"?');
    const broken = open({ ...fetches({ inputs: { parcel: "1" } }), "knock/requests/parcel/request.json": "{" });
    expect((await catchRejection(broken.workflow("w"))).message).toContain("knock/requests/parcel/request.json:1:2");
  });

  it("E-305 accept further inputs with an open schema, and use a default for a required one", async () => {
    const input_schema = { ...SCHEMA, additionalProperties: true };
    const project = open({ ...request({ input_schema }), ...fetches({ inputs: { parcel: "1", more: "2" } }) });
    expect(await project.workflow("w")).toMatchObject({ key: "w" });
  });

  it("E-305, F-026 warn about a method next to the request", async () => {
    const project = open({ ...request(), ...fetches({ method: "get", url: "", inputs: { parcel: "1" } }) });
    await project.workflow("w");
    expect(project.getWorkflowWarnings("w")).toEqual([
      "knock/workflows/w/workflow.json:1:92: steps[0].settings.method has no effect: the shared request has its own",
    ]);
  });
});
