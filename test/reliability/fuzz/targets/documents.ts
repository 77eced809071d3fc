import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import fc from "fast-check";
import { parseAudience } from "../../../../src/domain/audience/parse-audience.js";
import { parseBroadcast } from "../../../../src/domain/audience/parse-broadcast.js";
import { createDefaultEnvironment } from "../../../../src/domain/environment/environment.js";
import { parseGuide } from "../../../../src/domain/guide/parse-guide.js";
import { parseMessageType } from "../../../../src/domain/guide/parse-message-type.js";
import { parseProjectFile } from "../../../../src/domain/project/parse-project-file.js";
import { resolveChannelTypes } from "../../../../src/domain/project/resolve-channel-types.js";
import { parseRecipientsFile } from "../../../../src/domain/request/parse-recipients-file.js";
import { parseEmailLayout } from "../../../../src/domain/template/parse-email-layout.js";
import { parseTemplatePartial } from "../../../../src/domain/template/parse-template-partial.js";
import { parseTranslationFile } from "../../../../src/domain/template/parse-translation-file.js";
import { parseSource } from "../../../../src/domain/trigger/parse-source.js";
import { parseSharedRequest } from "../../../../src/domain/workflow/parse-shared-request.js";
import { parseWorkflow } from "../../../../src/domain/workflow/parse-workflow.js";
import { compileWorkflow } from "../../../../src/engine/compile/compile-workflow.js";
import { parseEnvironment } from "../../../../src/project/environment/parse-environment.js";
import { parseScenarios } from "../../../../src/scenarios/parse-scenarios.js";
import type { Json } from "../../../../src/util/json.js";
import { arbitraryChange } from "../../../helpers/json-arbitraries.js";
import { ErrorChecker, type FuzzTarget } from "../fuzz-target.js";
import { hostileValue } from "../hostile-values.js";
import { readSampleDocuments } from "../project-documents.js";

const SCHEMAS = resolve(import.meta.dirname, "../../../../schemas");

/** A kind of document of a project. */
interface DocumentKind {
  path: RegExp;
  parse(raw: Json): unknown;
  /** Keys that exist somewhere in such a document. */
  keys: string[];
}

async function parseAndCompile(raw: Json): Promise<void> {
  const workflow = resolveChannelTypes(parseWorkflow("key", raw), createDefaultEnvironment());
  await compileWorkflow(workflow, { emailLayout: async () => null, partial: async () => null });
}

/** The kinds by the names of their published schemas. */
const KINDS: Record<string, DocumentKind> = {
  audience: {
    path: /audience\.json$/,
    parse: (raw) => parseAudience("key", raw, "audience.json"),
    keys: ["segments", "conditions", "type", "variable", "operator", "argument"],
  },
  broadcast: {
    path: /broadcast\.json$/,
    parse: (raw) => parseBroadcast("key", raw, "broadcast.json"),
    keys: ["steps", "target", "recipients", "scheduled_at", "template"],
  },
  environment: {
    path: /environment\.json$/,
    parse: (raw) => parseEnvironment(raw, "environment.json"),
    keys: [
      "channels",
      "type",
      "provider",
      "deliver",
      "settings",
      "answers",
      "allow",
      "variables",
      "webhooks",
      "preferences",
    ],
  },
  guide: {
    path: /guide\.json$/,
    parse: (raw) =>
      parseGuide("key", raw, {
        fileName: "guide.json",
        messageTypes: new Map(),
        findDeclaredType: () => "in_app_guide",
        isManaged: false,
      }),
    keys: ["steps", "values", "schema_key", "channel_key", "target_property_conditions", "activation_url_patterns"],
  },
  knock: {
    path: /\/knock\.json$/,
    parse: (raw) => parseProjectFile(raw, "knock.json"),
    keys: ["knockDir", "recipients", "silence", "redirect"],
  },
  layout: {
    path: /layout\.json$/,
    parse: (raw) => parseEmailLayout("key", raw, "layout.json"),
    keys: ["html_layout", "text_layout", "footer_links"],
  },
  "message-type": {
    path: /message_type\.json$/,
    parse: (raw) => parseMessageType("key", raw, "message_type.json"),
    keys: ["variants", "fields", "type", "settings", "min", "max", "default", "options"],
  },
  partial: {
    path: /partial\.json$/,
    parse: (raw) => parseTemplatePartial("key", raw, "partial.json"),
    keys: ["content", "type", "input_schema", "icon_name"],
  },
  recipients: {
    path: /recipients\/\w[\w-]*\.json$/,
    parse: (raw) => parseRecipientsFile(raw, "recipients.json"),
    keys: ["users", "objects", "tenants", "subscriptions", "id", "collection", "preferences", "channel_data"],
  },
  scenario: {
    path: /\.test\.yaml$/,
    parse: (raw) => parseScenarios(raw, "a.test.yaml"),
    keys: ["scenarios", "steps", "given", "rows", "trigger", "expect", "advance", "messages", "fetch", "agent"],
  },
  source: {
    path: /source\.json$/,
    parse: (raw) => parseSource("key", raw, "source.json"),
    keys: ["events", "actions", "type", "conditions", "data"],
  },
  translation: {
    path: /translations\/.*\.json$/,
    parse: (raw) => parseTranslationFile("en.json", "en", raw, "en.json"),
    keys: ["one", "other", "zero", "many"],
  },
  request: {
    path: /request\.json$/,
    parse: (raw) => parseSharedRequest("key", raw, "request.json"),
    keys: ["method", "url", "headers", "query_params", "body", "input_schema"],
  },
  workflow: {
    path: /workflow\.json$/,
    parse: parseAndCompile,
    keys: [
      "ref",
      "type",
      "steps",
      "branches",
      "conditions",
      "all",
      "any",
      "template",
      "settings",
      "channel_type",
      "unit",
    ],
  },
};

/** Reads the published schema of a kind of document. Unknown keys are warnings of `knock validate`, so they are allowed. */
function compileSchema(kind: string): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, code: { optimize: false } });
  const text = readFileSync(join(SCHEMAS, `${kind}.schema.json`), "utf8");
  return ajv.compile(
    JSON.parse(text, (key, value) => (key === "additionalProperties" && value === false ? true : value)),
  );
}

interface DocumentInput {
  kind: string;
  document: Json;
}

const samples: Record<string, Json[]> = {};
for (const [kind, { path }] of Object.entries(KINDS)) samples[kind] = await readSampleDocuments(path);

const inputs = fc.oneof(
  ...Object.entries(KINDS).map(([kind, { keys }]): fc.Arbitrary<DocumentInput> => {
    const value = hostileValue(...keys);
    const changed = fc
      .tuple(fc.constantFrom(...(samples[kind] as Json[])), arbitraryChange(value))
      .map(([sample, change]) => change(sample));
    const document = fc.oneof({ weight: 9, arbitrary: changed }, { weight: 1, arbitrary: value });
    return document.map((json) => ({ kind, document: json }));
  }),
);

/** Every document of a project. A document that is accepted conforms to its published schema. */
export const documentsTarget: FuzzTarget<DocumentInput> = {
  name: "documents",
  runs: 60_000,
  shortRuns: 300,
  inputs,
  async open() {
    const errors: ErrorChecker = await ErrorChecker.open();
    const validators = new Map<string, ValidateFunction>();
    return {
      async check({ kind, document }) {
        const before = JSON.stringify(document);
        const isAccepted = await errors.attemptAsync(async () => {
          await (KINDS[kind] as DocumentKind).parse(document);
          return true;
        });
        if (JSON.stringify(document) !== before) throw new Error("the document was changed");
        if (!isAccepted) return;
        const validate = validators.get(kind) ?? compileSchema(kind);
        validators.set(kind, validate);
        if (!validate(document))
          throw new Error(`accepted against its published schema: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
      },
    };
  },
};
