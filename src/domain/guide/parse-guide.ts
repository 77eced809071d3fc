import { URLPattern } from "urlpattern-polyfill/urlpattern";
import { KnockError } from "../../errors/knock-error.js";
import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject, type Json } from "../../util/json.js";
import { parseConditionGroup } from "../condition/parse-conditions.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { hasTrait } from "../message/channel-types.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { collectPartialKeys } from "../template/template-partial.js";
import { checkFieldValue } from "./check-field-value.js";
import type { Guide, GuideField, GuideStep, UrlPattern } from "./guide.js";
import { type GuideFile, guideSchema } from "./guide-schema.js";
import type { MessageType } from "./message-type.js";

/** The scopes that conditions of a guide can use. A guide has no run and no actor. */
const SCOPES = ["recipient", "tenant", "data", "vars"];

/** The parts of the project that a guide is checked against. */
interface GuideContext {
  /** The name of the file in errors. */
  fileName: string;
  messageTypes: ReadonlyMap<string, MessageType | KnockError>;
  /** Returns the declared type of a channel, or undefined if it is not declared. */
  findDeclaredType(key: string): string | undefined;
  isManaged: boolean;
}

/** Limits a URL pattern, in UTF-16 code units. */
const MAX_PATTERN_LENGTH = 2_000;

function checkUrlPattern(name: "pathname" | "search", text: string, path: PropertyKey[], report: ReportFinding): void {
  if (text.length > MAX_PATTERN_LENGTH)
    return report([...path, name], `must be at most ${MAX_PATTERN_LENGTH} characters, found ${text.length}`);
  try {
    new URLPattern({ [name]: text });
  } catch {
    report([...path, name], `is not a valid URL pattern: ${JSON.stringify(text)}`);
  }
}

/** Returns the URL patterns of a guide. The old name of the field is used if the new one is absent or empty. */
function parseActivationPatterns(file: GuideFile, findings: DocumentFindings): UrlPattern[] {
  const list = file.activation_url_patterns?.length ? "activation_url_patterns" : "activation_location_rules";
  const patterns = Array.isArray(file[list]) ? file[list] : [];
  return patterns.flatMap((pattern, index): UrlPattern[] => {
    if (!findings.isValid([list, index])) return [];
    const { directive, pathname = null, search = null } = pattern;
    if (pathname !== null) checkUrlPattern("pathname", pathname, [list, index], findings.add);
    if (search !== null) checkUrlPattern("search", search, [list, index], findings.add);
    return [{ directive: directive ?? "allow", pathname, search }];
  });
}

/** Returns the fields of a step's message type with their values. */
function parseContent(
  { schema_key, schema_variant_key, values }: GuideFile["steps"][number],
  path: PropertyKey[],
  { messageTypes }: GuideContext,
  report: ReportFinding,
): GuideField[] {
  const type = messageTypes.get(schema_key);
  if (type === undefined) {
    const near = findNearest(schema_key, messageTypes.keys());
    const hint = near === undefined ? "; message types are in message-types/<key>/" : `; did you mean "${near}"?`;
    report([...path, "schema_key"], `is not a message type of this project: "${schema_key}"${hint}`);
    return [];
  }
  if (type instanceof KnockError) {
    report([...path, "schema_key"], `refers to an invalid message type: ${type.message}`);
    return [];
  }
  const variant = type.variants.find(({ key }) => key === schema_variant_key);
  if (variant === undefined) {
    const known = type.variants.map(({ key }) => key).join(", ");
    report([...path, "schema_variant_key"], `is not a variant of "${schema_key}" (${known})`);
    return [];
  }
  const stepValues = values ?? {};
  for (const key of Object.keys(stepValues)) {
    if (variant.fields.some((field) => field.key === key)) continue;
    const near = findNearest(
      key,
      variant.fields.map((field) => field.key),
    );
    report([...path, "values", key], `is not a field of "${schema_key}"${near ? `; did you mean "${near}"?` : ""}`);
  }
  return variant.fields.map((field): GuideField => {
    const own = Object.hasOwn(stepValues, field.key) ? (stepValues[field.key] as Json) : null;
    const valuePath = [...path, "values", field.key];
    if (own !== null) checkFieldValue(own, field, valuePath, report);
    else if (field.required && field.default === null) {
      if (isJsonObject(values)) report(valuePath, "is required");
      else report([...path, "values"], `is required: it contains the field "${field.key}"`);
    }
    const value =
      isJsonObject(own) && isJsonObject(field.default) ? { ...field.default, ...own } : (own ?? field.default);
    return { key: field.key, type: field.type, value };
  });
}

const toMilliseconds = (time: string | null | undefined): number | null => parseTimestamp(time) ?? null;

/**
 * Parses a `guide.json` whose text files have been inserted (section 13 of the format), and checks it against the
 * project. Throws `project_invalid` with one pointer per finding.
 */
export function parseGuide(key: string, raw: unknown, context: GuideContext): Guide {
  const findings = new DocumentFindings();
  checkJsonShape(raw, context.fileName, "project_invalid");
  checkDocument(guideSchema(), raw, findings.add);
  // Parts are checked further only if the schema has no finding in them.
  const file = (isJsonObject(raw) ? raw : {}) as GuideFile;
  const conditions = parseConditionGroup(
    file.target_property_conditions,
    ["target_property_conditions"],
    { refs: null, scopes: SCOPES },
    findings.add,
  );
  const declaredType = findings.isValid(["channel_key"]) ? context.findDeclaredType(file.channel_key) : undefined;
  if (declaredType !== undefined && !hasTrait(declaredType, "isGuide"))
    findings.add(
      ["channel_key"],
      `must be an in-app guide channel, but "${file.channel_key}" is of type ${declaredType}`,
    );
  const steps = (Array.isArray(file.steps) ? file.steps : []).flatMap((step, index): GuideStep[] => {
    const path = ["steps", index];
    if (!findings.isValid(path)) return [];
    if (collectPartialKeys(JSON.stringify(step.values ?? {})).length > 0)
      findings.add([...path, "values"], "cannot render partials: guides do not support them");
    const { ref, name, schema_key, schema_semver, schema_variant_key } = step;
    const content = parseContent(step, path, context, findings.add);
    return [{ ref, name: name ?? null, schema_key, schema_semver, schema_variant_key, content }];
  });
  const patterns = parseActivationPatterns(file, findings);
  if (!findings.isEmpty) throw findings.toError(context.fileName, "project_invalid");
  const state = { ...file, ...file.__readonly };
  return {
    key,
    name: file.name,
    channel_key: file.channel_key,
    type: steps[0]?.schema_key ?? "",
    semver: state.semver ?? "0.0.1",
    active: state.active ?? true,
    active_from: toMilliseconds(state.active_from),
    active_until: toMilliseconds(state.active_until),
    target_audience_key: file.target_audience_key ?? null,
    tenancy_strict_mode: file.tenancy_strict_mode ?? false,
    scope: file.scope ?? "global",
    target_property_conditions: conditions,
    activation_url_patterns: patterns,
    steps,
    managed: context.isManaged,
  };
}
