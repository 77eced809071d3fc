import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Audience } from "../domain/audience/audience.js";
import { parseAudience } from "../domain/audience/parse-audience.js";
import type { Environment } from "../domain/environment/environment.js";
import type { ReportFinding } from "../domain/findings/report-finding.js";
import { checkAudiences, hasAudienceReferences } from "../domain/project/check-audiences.js";
import { checkGuideKeys } from "../domain/project/check-guide-keys.js";
import { collectWorkflowWarnings } from "../domain/project/collect-workflow-warnings.js";
import { findUndeclaredChannels } from "../domain/project/find-undeclared-channels.js";
import { resolveChannelTypes } from "../domain/project/resolve-channel-types.js";
import type { RecipientsFileMark } from "../domain/request/parse-recipients-file.js";
import { ACCOUNT_TREE_PREFIX, RESOURCE_KEY } from "../domain/resource/resource-id.js";
import type { Finding } from "../domain/schema/finding.js";
import type { EmailLayout } from "../domain/template/email-layout.js";
import type { TemplatePartial } from "../domain/template/template-partial.js";
import { rememberTextFiles } from "../domain/template/text-files.js";
import type { Translations } from "../domain/template/translation.js";
import type { FindingCode } from "../domain/validation/finding-codes.js";
import { formatLocatedFinding, type LocatedFinding } from "../domain/validation/located-finding.js";
import { parseWorkflow } from "../domain/workflow/parse-workflow.js";
import { collectRequestKeys, type SharedRequest } from "../domain/workflow/shared-request.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { KnockError } from "../errors/knock-error.js";
import type { Json, JsonObject } from "../util/json.js";
import type { ProjectLocation } from "./find-project.js";
import { type DocumentFolder, getDocumentFileName } from "./find-unknown-document-keys.js";
import { formatDisplayPath } from "./format-display-path.js";
import { openKeyedResources } from "./keyed-resources.js";
import { listFolder as listNames } from "./list-folder.js";
import { findBranchFolder, openProjectFolders, readCurrentBranch } from "./project-folders.js";
import { readDocumentWarnings, readRunWarnings } from "./project-warnings.js";
import { listEnvironmentFiles, readEnvironment } from "./read-environment.js";
import type { ProjectFile } from "./read-project-text.js";
import {
  isWithoutWarnings,
  listRecipientsFiles,
  type RecipientsSeed,
  readChangedRecipients,
} from "./read-recipients.js";
import { type RunCheck, readEach } from "./read-resource.js";
import { type ChangedSchedules, readChangedSchedules } from "./read-schedules.js";
import { checkRequestReferences, readSharedRequest } from "./read-shared-request.js";
import { checkSharedTemplates, openSharedTemplates } from "./read-shared-templates.js";
import { readTranslations } from "./read-translations.js";

/** A project folder, which is read on demand: only requested files are opened. */
export interface Project extends ProjectLocation {
  workflow(key: string): Promise<Workflow | null>;
  workflowKeys(): Promise<string[]>;
  /** Returns whether a valid workflow was read, so that the likely mistakes in it are known. */
  hasReadWorkflow(key: string): boolean;
  /** Returns the likely mistakes in a workflow that was read; none for one that was not. */
  getWorkflowFindings(key: string): readonly LocatedFinding[];
  /** Returns a line for each of them, with file, line and column. */
  getWorkflowWarnings(key: string): readonly string[];
  /** Returns a line for each likely mistake in the environment, recipients, audiences, layouts and partials. */
  readRunWarnings(): Promise<string[]>;
  /** Returns the likely mistakes in all documents of the project except workflows. */
  readProjectFindings(): Promise<LocatedFinding[]>;
  /** Returns a line for each of them. */
  readProjectWarnings(): Promise<string[]>;
  environment(): Promise<Environment>;
  audiences(): Promise<Audience[]>;
  emailLayout(key: string): Promise<EmailLayout | null>;
  partial(key: string): Promise<TemplatePartial | null>;
  /** Returns a request that fetch steps share, or null. */
  request(key: string): Promise<SharedRequest | null>;
  translations(): Promise<Translations>;
  /** Returns whether there may be dynamic audiences, without reading them. */
  hasAudiences(): boolean;
  /** Returns the recipients files whose mark differs from the known one, in name order. */
  readChangedRecipients(known: ReadonlyMap<string, RecipientsFileMark>): Promise<RecipientsSeed[]>;
  /** Returns the files of schedules, and the content of those whose digest differs from the known one. */
  readChangedSchedules(known: ReadonlyMap<string, string>): Promise<ChangedSchedules>;
  /** Returns a branch's project, where `branches/<slug>` takes precedence over the main files, or null. */
  branch(slug: string): Project | null;
}

/** Opens a project. Messages show paths relative to the working directory. */
export function openProject(location: ProjectLocation, cwd: string): Project {
  const { root, knockDir, settings, branchDir, environmentName, documents, onInvalid } = location;
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  const environmentSource = { knockDir, name: environmentName ?? null, displayPath, onInvalid };
  const workflowFindings = new Map<string, readonly LocatedFinding[]>();
  let environmentRead: Promise<Environment> | undefined;
  let knownMarks: ReadonlyMap<string, RecipientsFileMark> = new Map();
  const listEntries = (folder: string): string[] => listNames(folder, displayPath);
  const folders = openProjectFolders(location, displayPath);
  const resources = openKeyedResources(location, displayPath);
  const shared = openSharedTemplates(resources, location);
  const hasDocument = (...path: string[]): boolean =>
    RESOURCE_KEY.test(path[1] ?? "") && existsSync(join(knockDir, ...path));
  const references = {
    hasSource: (key: string) => hasDocument("sources", key, "source.json"),
    hasBroadcast: (key: string) => hasDocument("broadcasts", key, "broadcast.json"),
  };
  const environment = (): Promise<Environment> => {
    environmentRead ??= readEnvironment(environmentSource);
    return environmentRead;
  };

  const toProjectFile = (path: string): ProjectFile => ({ path, displayPath: displayPath(path) });

  async function workflow(key: string): Promise<Workflow | null> {
    if (!RESOURCE_KEY.test(key)) {
      // A key must not be used as a path: it is only reported as invalid if a folder has this name.
      if (!(await workflowKeys()).includes(key)) return null;
      throw new KnockError(
        "workflow_invalid",
        `${displayPath(join(knockDir, "workflows", key))}: not a valid workflow key`,
        {
          hint: "Rename the folder. Keys contain lowercase letters, digits, hyphens and underscores.",
        },
      );
    }
    const files = new Map<string, string>();
    const options = { owner: "workflow", prefix: `workflow "${key}": `, files, onInvalid } as const;
    return resources.read("workflows", key, options, (raw, file, runCheck) =>
      checkWorkflow(key, raw, { file, texts: files, runCheck }),
    );
  }

  /** Checks a workflow against the rest of the project. */
  async function checkWorkflow(
    key: string,
    resolved: Json,
    { file, texts, runCheck }: { file: ProjectFile; texts: ReadonlyMap<string, string>; runCheck: RunCheck },
  ): Promise<Workflow> {
    const findings: (Finding & { code: FindingCode })[] = [];
    const add = (code: FindingCode, found: readonly Finding[]): void =>
      void findings.push(...found.map((finding) => ({ ...finding, code })));
    const addUnknownKey: ReportFinding = (path, message, suggestedKey) =>
      add("unknown_key", [{ path, message, suggestedKey }]);
    const parsed = resolveChannelTypes(parseWorkflow(key, resolved, addUnknownKey), await environment());
    add("ineffective_setting", collectWorkflowWarnings(resolved as JsonObject, references));
    add("undeclared_channel", findUndeclaredChannels(parsed, await environment()));
    workflowFindings.set(
      key,
      findings.length === 0 ? [] : await (await import("./add-file-locations.js")).locateFindings(file, findings),
    );
    await checkSharedTemplates(parsed, shared, runCheck);
    if (collectRequestKeys(parsed).length > 0) await checkRequestReferences(parsed, folders, displayPath, runCheck);
    await runCheck(() => checkGuideKeys(parsed, () => resources.list("guides")));
    if (hasAudienceReferences(parsed)) await runCheck(async () => checkAudiences(parsed, await audiences()));
    rememberTextFiles(parsed, texts);
    return parsed;
  }

  const hasAudiences = (): boolean => existsSync(join(knockDir, "audiences"));

  /** Returns the main files of a kind of document, such as `layouts/<key>/layout.json`. */
  function listDocumentFiles(folder: string, name: string): ProjectFile[] {
    return listEntries(join(knockDir, folder))
      .sort()
      .map((key) => toProjectFile(join(knockDir, folder, key, name)))
      .filter(({ path }) => existsSync(path));
  }

  async function audiences(): Promise<Audience[]> {
    const options = { owner: "audience", onInvalid } as const;
    const read = (key: string): Promise<Audience | null> =>
      resources.read("audiences", key, options, (raw, file) => parseAudience(key, raw, file.displayPath));
    const found = await readEach(await resources.list("audiences"), read, { onInvalid, needsAll: true });
    return found.filter((audience) => audience !== null);
  }

  /** Reads the translations again each time, because a long-running worker must see changes. */
  async function translations(): Promise<Translations> {
    const branchFolderPath = branchDir === undefined ? null : join(branchDir, "translations");
    const folder =
      branchFolderPath !== null && existsSync(branchFolderPath) ? branchFolderPath : join(knockDir, "translations");
    const isOwn = folder === branchFolderPath;
    return readTranslations({
      folder,
      displayPath,
      listNames: listEntries,
      onInvalid,
      documents: isOwn ? undefined : documents,
    });
  }

  async function request(key: string): Promise<SharedRequest | null> {
    return readSharedRequest(key, folders, displayPath, onInvalid);
  }

  const workflowKeys = (): Promise<string[]> => resources.list("workflows");

  /**
   * Returns a branch's project. The main files are the current branch's, to which the official command was switched
   * (CLI-009).
   */
  function branch(slug: string): Project | null {
    const main = { root, knockDir, settings, environmentName, documents, onInvalid };
    if (branchDir !== undefined) return openProject(main, cwd).branch(slug);
    // Only `knock dev` has the content of an account. In other processes, its test runs continue with the files.
    if (slug.startsWith(ACCOUNT_TREE_PREFIX)) return project;
    const folder = findBranchFolder(location, slug);
    if (folder !== null) return openProject({ ...main, branchDir: folder }, cwd);
    return slug === readCurrentBranch(root) ? project : null;
  }

  async function readRunFindings(): Promise<LocatedFinding[]> {
    const environments = listEnvironmentFiles(environmentSource);
    const recipients = listRecipientsFiles(knockDir, displayPath).filter(
      (file) => !isWithoutWarnings(file, knownMarks),
    );
    const findings = await readRunWarnings({ environments, recipients });
    return [...findings, ...(await readDocumentFindings(["audiences", "layouts", "partials"]))];
  }

  async function readDocumentFindings(folders: readonly DocumentFolder[]): Promise<LocatedFinding[]> {
    const findings: LocatedFinding[] = [];
    for (const folder of folders) {
      const files = listDocumentFiles(folder, getDocumentFileName(folder));
      findings.push(...(await readDocumentWarnings(folder, files)));
    }
    return findings;
  }

  const readProjectFindings = async (): Promise<LocatedFinding[]> => [
    ...(await readRunFindings()),
    ...(await readDocumentFindings(["broadcasts", "guides", "message-types"])),
  ];

  const project: Project = {
    ...location,
    emailLayout: shared.emailLayout,
    partial: shared.partial,
    workflow,
    workflowKeys,
    hasReadWorkflow: (key) => workflowFindings.has(key),
    getWorkflowFindings: (key) => workflowFindings.get(key) ?? [],
    getWorkflowWarnings: (key) => (workflowFindings.get(key) ?? []).map(formatLocatedFinding),
    readRunWarnings: async () => (await readRunFindings()).map(formatLocatedFinding),
    readProjectFindings,
    readProjectWarnings: async () => (await readProjectFindings()).map(formatLocatedFinding),
    environment,
    audiences,
    request,
    translations,
    hasAudiences,
    readChangedRecipients: (known) => {
      knownMarks = known;
      return readChangedRecipients(location, displayPath, known);
    },
    readChangedSchedules: (known) => readChangedSchedules(location, displayPath, known),
    branch,
  };
  return project;
}
