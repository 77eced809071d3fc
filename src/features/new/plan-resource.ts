import { existsSync } from "node:fs";
import { join } from "node:path";
import { PAYLOADS_FOLDER } from "../../checks/list-project-files.js";
import type { NewFile } from "../../commands/shared/create-files.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import { RESOURCE_KEY } from "../../domain/resource/resource-id.js";
import { parseTranslationFile } from "../../domain/template/parse-translation-file.js";
import { KnockError } from "../../errors/knock-error.js";
import { quoteForShell } from "../../input/restore-quotes.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import { correctWord } from "../../util/find-nearest.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { Json, JsonObject } from "../../util/json.js";
import type { Kind, WorkflowTemplate } from "./kinds.js";
import { pickChannels } from "./pick-channels.js";
import { parseTemplate, readTemplate } from "./read-template.js";

/** The files of a resource that does not exist yet, and what to do with it. */
interface ResourcePlan {
  files: NewFile[];
  /** How other files use the resource; null if it is used as it is. */
  note: string | null;
  /** Commands that work once the files exist. */
  next: string[];
}

interface PlanOptions {
  template: WorkflowTemplate;
  flags: TargetFlags;
  project: Project;
}

/** The files of templates that get the key of the resource as their name: a trigger or an event, and scenarios. */
const PAYLOAD_FILE = "payload.json";
const SCENARIO_FILE = "scenarios.test.yaml";
/** The time from now of dates in sample data. It is long, so that the data can be used for months, but within the limit of a delay. */
const SAMPLE_DATE_MS = 300 * 86_400_000;

const formatJson = (value: JsonObject): string => `${JSON.stringify(value, null, 2)}\n`;

/** Returns a name for people, such as "Comment digest" for `comment-digest`. */
function toName(key: string): string {
  const words = key.replaceAll(/[-_]+/g, " ").trim() || key;
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function checkKey(kind: Kind, key: string): void {
  if (RESOURCE_KEY.test(key)) return;
  const valid = key
    .toLowerCase()
    .split(/[^a-z0-9_]+/)
    .filter(Boolean)
    .join("-");
  const rule = "Keys contain lowercase letters, digits, hyphens and underscores.";
  throw new KnockError("usage", `${JSON.stringify(key)} is not a valid key of a ${kind}`, {
    hint: valid === "" ? rule : correctWord(key, valid, `Did you mean "${valid}"? ${rule}`),
  });
}

/** Returns a user of the project's files who has an email address, or else one to identify. */
async function pickRecipient(project: Project): Promise<Json> {
  for (const { recipients } of await project.readChangedRecipients(new Map()))
    for (const { key, properties } of recipients) {
      const { collection, id } = splitRecipientKey(key);
      if (collection === USERS && typeof properties.email === "string") return id;
    }
  return { id: "ada", name: "Ada", email: "ada@example.com" };
}

/** Returns the namespace in the name of a translation file without its extension; null for a name without one. Throws `usage`. */
function parseTranslationName(name: string, locale: string): string | null {
  try {
    if (!/[\\/]/.test(name)) return parseTranslationFile(name, locale, {}, name).namespace;
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
  }
  throw new KnockError("usage", `${JSON.stringify(name)} is not a valid name of a translation file`, {
    hint: "Use a locale such as de, or a namespace and a locale such as emails.de.",
  });
}

/** Plans the files of one resource. The options select the project again in the printed commands. */
class ResourcePlanner {
  private readonly flags: string;

  constructor(
    private readonly context: CommandContext,
    private readonly options: PlanOptions,
  ) {
    const { project, knockDir, environment } = options.flags;
    this.flags = Object.entries({ project, "knock-dir": knockDir, environment })
      .map(([name, value]) => (value === undefined ? "" : ` --${name} ${quoteForShell(value)}`))
      .join("");
  }

  plan(kind: Kind, key: string): Promise<ResourcePlan> {
    if (kind === "translation") return this.planTranslation(key);
    checkKey(kind, key);
    if (kind === "workflow") return this.planWorkflow(key);
    return kind === "source" ? this.planSource(key) : this.planSharedTemplate(kind, key);
  }

  private async planWorkflow(key: string): Promise<ResourcePlan> {
    const { project, template } = this.options;
    const files = readTemplate("workflow", template);
    const read = (name: string): string => files.get(name) ?? "";
    const workflow = { ...parseTemplate(read("workflow.json")), name: toName(key) };
    const delivers = await pickChannels(workflow, project, this.context.io.cwd);
    const date = toIsoTime(this.context.now() + SAMPLE_DATE_MS);
    const sample = read(PAYLOAD_FILE).replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, date);
    const payload = { key, recipients: [await pickRecipient(project)], ...parseTemplate(sample) };
    const folder = join(project.knockDir, "workflows", key);
    const scenarios = read(SCENARIO_FILE).replace(/^workflow: .*$/m, `workflow: ${key}`);
    const texts = [...files].filter(([name]) => !["workflow.json", PAYLOAD_FILE, SCENARIO_FILE].includes(name));
    const notify = `knock notify --file ${this.formatPayloadPath(key)}${delivers ? " --sandbox-mode" : ""}`;
    return {
      files: [
        [join(folder, "workflow.json"), workflow],
        ...texts.map(([name, text]): NewFile => [join(folder, name), text]),
        [join(folder, `${key}.test.yaml`), scenarios],
        [this.getPayloadPath(key), formatJson(payload)],
      ],
      note: null,
      next: [`knock test ${key}${this.flags}`, `${notify}${await this.getLocalFlags()}`],
    };
  }

  private async planSource(key: string): Promise<ResourcePlan> {
    const files = readTemplate("source");
    const source = { ...parseTemplate(files.get("source.json") ?? ""), name: toName(key) };
    return {
      files: [
        [join(this.options.project.knockDir, "sources", key, "source.json"), source],
        [this.getPayloadPath(key), formatJson(parseTemplate(files.get(PAYLOAD_FILE) ?? ""))],
      ],
      note: null,
      next: [`knock sources send ${key} --file ${this.formatPayloadPath(key)}${await this.getLocalFlags()}`],
    };
  }

  private async planSharedTemplate(kind: "layout" | "partial", key: string): Promise<ResourcePlan> {
    const folder = join(this.options.project.knockDir, `${kind}s`, key);
    const files = [...readTemplate(kind)].map(([name, text]): NewFile => {
      if (name !== `${kind}.json`) return [join(folder, name), text];
      return [join(folder, name), { ...parseTemplate(text), name: toName(key) }];
    });
    const note =
      kind === "layout"
        ? `Use it in an email step: "settings": { "layout_key": "${key}" }`
        : `Use it in a template: {% render "${key}", title: "Hello" %}`;
    return { files, note, next: [`knock validate${this.flags}`] };
  }

  /**
   * Plans files of translations with the texts of the default locale, so that no text is missing: one for the namespace in the key,
   * or for a locale one for each namespace that it does not have yet.
   */
  private async planTranslation(key: string): Promise<ResourcePlan> {
    const { project } = this.options;
    const locale = key.slice(Math.max(key.lastIndexOf("."), key.lastIndexOf("~")) + 1);
    const namespace = parseTranslationName(key, locale);
    const { locale: defaultLocale } = await project.environment();
    const { files } = await project.translations();
    const originals = files.filter((file) => file.locale === defaultLocale && file.tenant === null);
    const selected = key === locale ? originals : originals.filter((file) => file.namespace === namespace);
    const getPath = (name: string): string => join(project.knockDir, "translations", locale, `${name}.json`);
    const next = [`knock validate${this.flags}`];
    if (selected.length === 0) {
      const [[, text] = []] = readTemplate("translation");
      const reference = namespace === null ? "greeting" : `${namespace}:greeting`;
      return {
        files: [[getPath(key), formatJson(parseTemplate(text ?? ""))]],
        note: `Use it in a template: {{ "${reference}" | t: name: recipient.name }}`,
        next,
      };
    }
    const copies = selected.map((original) => {
      const name = key === locale && original.namespace !== null ? `${original.namespace}.${locale}` : key;
      return { original: original.file, file: [getPath(name), formatJson(original.content)] as const };
    });
    const missing = copies.filter(({ file: [path] }) => !existsSync(path));
    const created = missing.length === 0 ? copies : missing;
    return {
      files: created.map(({ file }) => file),
      note: `Translate the texts, which are those of ${created.map(({ original }) => original).join(" and ")}`,
      next,
    };
  }

  private getPayloadPath(key: string): string {
    return join(this.options.project.root, PAYLOADS_FOLDER, `${key}.json`);
  }

  private formatPayloadPath(key: string): string {
    return quoteForShell(formatDisplayPath(this.context.io.cwd, this.getPayloadPath(key)));
  }

  /** Returns the options of a command that must run locally, also if the settings select the remote target. */
  private async getLocalFlags(): Promise<string> {
    const target = await this.context.settings.getTarget(this.options.flags);
    return `${target === "remote" ? " --local" : ""}${this.flags}`;
  }
}

/**
 * Plans the files of a resource, from the package's template and the names of the project. Throws `usage` for an invalid key or if
 * a file exists, and `project_invalid` if the project has no channel that a workflow needs. Writes nothing.
 */
export async function planResource(
  kind: Kind,
  key: string,
  context: CommandContext,
  options: PlanOptions,
): Promise<ResourcePlan> {
  const plan = await new ResourcePlanner(context, options).plan(kind, key);
  const [existing] = plan.files.find(([path]) => existsSync(path)) ?? [];
  if (existing === undefined) return plan;
  throw new KnockError("usage", `${formatDisplayPath(context.io.cwd, existing)} already exists`, {
    hint: "Use another key, or change this file. Nothing was changed.",
  });
}
