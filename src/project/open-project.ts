import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Audience } from "../domain/audience/audience.js";
import { parseAudience } from "../domain/audience/parse-audience.js";
import type { Environment } from "../domain/environment/environment.js";
import { checkAudiences, namesAudiences } from "../domain/project/check-audiences.js";
import { checkGuideKeys } from "../domain/project/check-guide-keys.js";
import { resolveChannelTypes } from "../domain/project/resolve-channel-types.js";
import { undeclaredChannels } from "../domain/project/undeclared-channels.js";
import { workflowWarnings } from "../domain/project/workflow-warnings.js";
import { parseRecipientsFile, type RecipientsFile } from "../domain/request/parse-recipients-file.js";
import type { Finding } from "../domain/schema/check-document.js";
import type { Complain } from "../domain/shape/complain.js";
import type { EmailLayout } from "../domain/template/email-layout.js";
import type { TemplatePartial } from "../domain/template/template-partial.js";
import { rememberTextFiles } from "../domain/template/text-files.js";
import type { Translations } from "../domain/template/translation.js";
import { parseWorkflow } from "../domain/workflow/parse-workflow.js";
import { requestKeysOf, type SharedRequest } from "../domain/workflow/shared-request.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { KnockError } from "../errors/knock-error.js";
import { contentDigest } from "../util/ids.js";
import type { Json, JsonObject } from "../util/json.js";
import { parseJson } from "../util/parse-json.js";
import type { ProjectLocation } from "./find-project.js";
import { type DocumentFolder, documentFileIn } from "./find-unknown-keys.js";
import { namesIn as listNames } from "./names-in.js";
import { branchFolder, currentBranch, projectFolders } from "./project-folders.js";
import { readDocumentWarnings, readRunWarnings } from "./project-warnings.js";
import { environmentFiles, readEnvironment } from "./read-environment.js";
import { type ProjectFile, readProjectText } from "./read-json-file.js";
import { placed, readResource } from "./read-resource.js";
import { checkShared, sharedTemplates } from "./shared-templates.js";
import { shownPath } from "./shown-path.js";

const MAX_REMEMBERED = 65_536;

/** F-008. */
const KEY = /^[a-z0-9_-]+$/;

export interface RecipientsSeed extends RecipientsFile {
  /** File name, the key under which its digest is remembered. */
  file: string;
  digest: string;
}

/** A project folder, read on demand: nothing that is not asked for is opened. */
export interface Project extends ProjectLocation {
  workflow(key: string): Promise<Workflow | null>;
  workflowKeys(): Promise<string[]>;
  /** Returns the warnings about a workflow that was read, with file, line and column; none for one that was not. */
  workflowWarnings(key: string): readonly string[];
  /** Returns a line for each likely mistake in the environment, recipients, audiences, layouts and partials. */
  runWarnings(): Promise<string[]>;
  /** Returns a line for each likely mistake in all documents of the project except workflows. */
  projectWarnings(): Promise<string[]>;
  environment(): Promise<Environment>;
  audiences(): Promise<Audience[]>;
  emailLayout(key: string): Promise<EmailLayout | null>;
  partial(key: string): Promise<TemplatePartial | null>;
  /** A request that fetch steps share. */
  request(key: string): Promise<SharedRequest | null>;
  translations(): Promise<Translations>;
  /** Whether there may be dynamic audiences, told without reading them. */
  hasAudiences(): boolean;
  /** The recipients files whose digest is not the remembered one, in name order. */
  changedRecipients(known: ReadonlyMap<string, string>): Promise<RecipientsSeed[]>;
  /** The project as a branch has it: what `branches/<slug>` holds over the main files; null where there is none. */
  branch(slug: string): Project | null;
}

/** Names are shown as the user could open them: relative to where the command runs. */
export function openProject(location: ProjectLocation, cwd: string): Project {
  const { root, knockDir, settings, branchDir, environmentName, valid } = location;
  const shown = (path: string): string => shownPath(cwd, path);
  const environmentPlace = { knockDir, name: environmentName ?? null, shown, valid };
  const warnings = new Map<string, readonly string[]>();
  let read: Promise<Environment> | undefined;
  const namesIn = (folder: string): string[] => listNames(folder, shown);
  const folders = projectFolders(location, shown);
  const shared = sharedTemplates(folders, shown, valid);
  const holds = (...path: string[]): boolean => KEY.test(path[1] ?? "") && existsSync(join(knockDir, ...path));
  const surroundings = {
    hasSource: (key: string) => holds("sources", key, "source.json"),
    hasBroadcast: (key: string) => holds("broadcasts", key, "broadcast.json"),
  };
  const environment = (): Promise<Environment> => {
    read ??= readEnvironment(environmentPlace);
    return read;
  };

  const fileAt = (path: string): ProjectFile => ({ path, shown: shown(path) });

  async function workflow(key: string): Promise<Workflow | null> {
    if (!KEY.test(key)) {
      // A key must not name a path: only what is listed is looked at, to say what is wrong with it.
      if (!(await workflowKeys()).includes(key)) return null;
      throw new KnockError("workflow_invalid", `${shown(join(knockDir, "workflows", key))}: not a workflow's key`, {
        hint: "Rename the folder: keys hold lower-case letters, digits, hyphens and underscores.",
      });
    }
    const file = join(folders.folderOf("workflows", key, "workflow.json"), "workflow.json");
    if (!existsSync(file)) return null;
    const files = new Map<string, string>();
    return readResource(fileAt(file), { owner: "workflow", begin: `workflow "${key}": `, files }, (raw) =>
      checkedWorkflow(key, raw, { file: fileAt(file), texts: files }),
    );
  }

  /** Held against the rest of the project. */
  async function checkedWorkflow(
    key: string,
    resolved: Json,
    { file, texts }: { file: ProjectFile; texts: ReadonlyMap<string, string> },
  ): Promise<Workflow> {
    const findings: Finding[] = [];
    const unknownKey: Complain = (path, message) => void findings.push({ path, message });
    const parsed = resolveChannelTypes(parseWorkflow(key, resolved, { unknownKey, valid }), await environment());
    findings.push(...workflowWarnings(resolved as JsonObject, surroundings));
    findings.push(...undeclaredChannels(parsed, await environment()));
    warnings.set(
      key,
      findings.length === 0 ? [] : await (await import("./fault-places.js")).describeFindings(file, findings),
    );
    await checkShared(parsed, shared);
    if (requestKeysOf(parsed).length > 0)
      await (await import("./read-requests.js")).checkRequests(parsed, folders, shown);
    checkGuideKeys(parsed, () => namesIn(join(knockDir, "guides")));
    const checked = namesAudiences(parsed) ? checkAudiences(parsed, await audiences()) : parsed;
    rememberTextFiles(checked, texts);
    return checked;
  }

  const hasAudiences = (): boolean => existsSync(join(knockDir, "audiences"));

  /** The main files of a kind of document, such as `layouts/<key>/layout.json`. */
  function documentFiles(folder: string, name: string): { key: string; file: ProjectFile }[] {
    return namesIn(join(knockDir, folder))
      .sort()
      .map((key) => ({ key, file: fileAt(join(knockDir, folder, key, name)) }))
      .filter(({ file }) => existsSync(file.path));
  }

  async function audiences(): Promise<Audience[]> {
    const found: Audience[] = [];
    for (const { key, file } of documentFiles("audiences", "audience.json")) {
      const read = (raw: Json): Audience => parseAudience(key, raw, file.shown);
      found.push(await readResource(file, { owner: "audience" }, read));
    }
    return found;
  }

  /** Read each time: a worker that lives on sees what was translated since. The reader is loaded where it is needed. */
  async function translations(): Promise<Translations> {
    const { readTranslations } = await import("./read-translations.js");
    const own = branchDir === undefined ? null : join(branchDir, "translations");
    const folder = own !== null && existsSync(own) ? own : join(knockDir, "translations");
    return readTranslations({ folder, shown, namesIn });
  }

  async function request(key: string): Promise<SharedRequest | null> {
    return (await import("./read-requests.js")).readSharedRequest(key, folders, shown);
  }

  const workflowKeys = async (): Promise<string[]> => folders.keysIn("workflows", "workflow.json");

  /** The main files are a branch's, where the official command was switched to it (CLI-009). */
  function branch(slug: string): Project | null {
    const main = { root, knockDir, settings, environmentName, valid };
    if (branchDir !== undefined) return openProject(main, cwd).branch(slug);
    const folder = branchFolder(location, slug);
    if (folder !== null) return openProject({ ...main, branchDir: folder }, cwd);
    return slug === currentBranch(root) ? opened : null;
  }

  /** In name order. Hidden ones are an editor's: Emacs locks people.json by a dangling link .#people.json. */
  function recipientsFiles(): { name: string; path: string }[] {
    const folder = join(knockDir, "recipients");
    return namesIn(folder)
      .filter((name) => name.endsWith(".json") && !name.startsWith("."))
      .sort()
      .map((name) => ({ name, path: join(folder, name) }))
      .filter(({ path }) => statSync(path, { throwIfNoEntry: false })?.isFile() !== false);
  }

  async function runWarnings(): Promise<string[]> {
    const environments = environmentFiles(environmentPlace);
    const recipients = recipientsFiles().map(({ path }) => fileAt(path));
    const found = await readRunWarnings({ environments, recipients }, valid);
    return [...found, ...(await documentWarnings(["audiences", "layouts", "partials"]))];
  }

  async function documentWarnings(folders: readonly DocumentFolder[]): Promise<string[]> {
    const found: string[] = [];
    for (const folder of folders) {
      const files = documentFiles(folder, documentFileIn(folder)).map(({ file }) => file);
      found.push(...(await readDocumentWarnings(folder, files, valid)));
    }
    return found;
  }

  async function changedRecipients(known: ReadonlyMap<string, string>): Promise<RecipientsSeed[]> {
    const seeds: RecipientsSeed[] = [];
    for (const { name, path } of recipientsFiles()) {
      const text = readProjectText(path, shown(path));
      // Small files are remembered whole: comparing texts is faster than hashing them in a process that just started.
      const digest = text.length <= MAX_REMEMBERED ? text : contentDigest(text);
      if (known.get(name) === digest) continue;
      const parsed = await parseJson(text);
      if ("fault" in parsed)
        throw new KnockError(
          "project_invalid",
          `${shown(path)}:${parsed.line}:${parsed.column}: not valid JSON: ${parsed.fault}`,
        );
      seeds.push({
        file: name,
        digest,
        ...(await placed(fileAt(path), () => parseRecipientsFile(parsed.value, shown(path)))),
      });
    }
    return seeds;
  }

  const opened: Project = {
    ...location,
    emailLayout: shared.emailLayout,
    partial: shared.partial,
    workflow,
    workflowKeys,
    workflowWarnings: (key) => warnings.get(key) ?? [],
    runWarnings,
    projectWarnings: async () => [
      ...(await runWarnings()),
      ...(await documentWarnings(["broadcasts", "guides", "message-types"])),
    ],
    environment,
    audiences,
    request,
    translations,
    hasAudiences,
    changedRecipients,
    branch,
  };
  return opened;
}
