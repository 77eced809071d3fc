import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { createFiles, type NewFile, replaceFile } from "../../commands/shared/create-files.js";
import type { ProcessIO } from "../../context/process-io.js";
import { KnockError } from "../../errors/knock-error.js";
import { findProject, findProjectRoot, PROJECT_FILE } from "../../project/find-project.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { makeFolder } from "../../util/make-folder.js";
import { buildGitHubWorkflow } from "./build-github-workflow.js";
import { buildGitLabJobs } from "./build-gitlab-jobs.js";
import { checkCiInstallation } from "./check-ci-installation.js";
import { findCiProject, readRepositoryAddress } from "./ci-project.js";
import type { CI_SERVICES, InitOptions } from "./init-options.js";
import { planAgentFiles } from "./plan-agent-files.js";

/** The result of `knock init`, with paths relative to the working directory. */
interface InitResult {
  /** Files that were written. */
  files: string[];
  /** Files that existed and were not changed. */
  kept: string[];
  /** Existing files that were changed: the section of AGENTS.md, and files of the skill with `--force`. */
  changed: string[];
  /** The reasons why the CI workflow would fail, and files of the skill that are not those of this version. */
  warnings: string[];
  /** The project that contains the new one, if any. */
  within: string | null;
  /** A command that works in the project. */
  next: string;
}

const HELLO_FILES: Record<string, unknown> = {
  "workflows/hello/workflow.json": {
    name: "Hello",
    categories: ["basics"],
    trigger_data_json_schema: { type: "object", properties: { from: { type: "string" } } },
    steps: [
      {
        ref: "in_app_feed_1",
        type: "channel",
        channel_type: "in_app_feed",
        channel_key: "in-app-feed",
        template: { "markdown_body@": "in_app_feed_1/markdown_body.md", action_url: "{{ vars.app_url }}" },
      },
      {
        ref: "email_1",
        type: "channel",
        channel_type: "email",
        channel_key: "email",
        template: {
          subject: "Hello, {{ recipient.name }}",
          settings: { layout_key: "default" },
          "html_body@": "email_1/html_body.html",
        },
      },
    ],
  },
  "workflows/hello/in_app_feed_1/markdown_body.md":
    "**Hello, {{ recipient.name }}!** {{ data.from | default: 'Your first workflow' }} says hi.\n",
  "workflows/hello/email_1/html_body.html":
    "<p>Hello, {{ recipient.name | escape }}!</p>\n<p>{{ data.from | default: 'Your first workflow' | escape }} says hi.</p>\n",
  "workflows/hello/hello.test.yaml": `workflow: hello
scenarios:
  greets the recipient in the app and by email:
    steps:
      - notify: { recipients: [ada], data: { from: Grace } }
        expect:
          messages:
            - { to: ada, channel: in-app, body: { contains: Grace says hi } }
            - { to: ada, channel: email, subject: "Hello, Ada" }
`,
};
const DEFAULT_CHANNELS: JsonObject = {
  "in-app-feed": { type: "in_app_feed" },
  email: { type: "email", settings: { from_address: "hello@example.com" } },
};
const SAMPLE_USERS = {
  users: [
    { id: "ada", name: "Ada", email: "ada@example.com", timezone: "Europe/London" },
    { id: "grace", name: "Grace", email: "grace@example.com", timezone: "America/New_York" },
  ],
};

function listFolder(folder: string): string[] {
  return existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder).sort() : [];
}

/**
 * Adds the channels that steps name to `channels`, by key. Anything else in the file is checked when the workflow is
 * read.
 */
function collectChannels(value: unknown, channels: JsonObject): void {
  if (Array.isArray(value)) for (const child of value) collectChannels(child, channels);
  else if (isJsonObject(value)) {
    const { channel_key: key, channel_type } = value;
    if (typeof key === "string" && typeof channel_type === "string" && !Object.hasOwn(channels, key))
      channels[key] = { type: channel_type };
    for (const child of Object.values(value)) collectChannels(child, channels);
  }
}

/**
 * Returns declarations for the channels of existing workflows, so that a new environment.json leaves no channel
 * undeclared.
 */
function collectWorkflowChannels(workflowFiles: readonly string[]): JsonObject {
  const channels: JsonObject = {};
  for (const file of workflowFiles) {
    try {
      collectChannels(JSON.parse(readFileSync(file, "utf8")), channels);
    } catch {
      // The command that uses a broken file reports it.
    }
  }
  return channels;
}

/** Returns the files of a new project, and the paths of those that already exist. */
function planFiles(knockDir: string): { files: Record<string, unknown>; kept: string[]; isHello: boolean } {
  const files: Record<string, unknown> = {};
  const kept: string[] = [];
  const keep = (...names: string[]): void => void kept.push(join(knockDir, ...names));

  const keys = listFolder(join(knockDir, "workflows")).filter((key) =>
    existsSync(join(knockDir, "workflows", key, "workflow.json")),
  );
  for (const key of keys) keep("workflows", key, "workflow.json");
  const helloWorkflow = join(knockDir, "workflows", "hello", "workflow.json");
  const isUnchangedHello =
    existsSync(helloWorkflow) &&
    Object.keys(HELLO_FILES)
      .filter((file) => !/(?:workflow\.json|\.test\.yaml)$/.test(file))
      .every((file) => readFileSync(helloWorkflow, "utf8").includes(file.replace("workflows/hello/", "")));
  if (keys.length === 0 || isUnchangedHello)
    for (const [name, content] of Object.entries(HELLO_FILES)) {
      if (!existsSync(join(knockDir, name))) files[name] = content;
      else if (!name.endsWith("workflow.json")) keep(name);
    }

  const channels =
    keys.length === 0
      ? DEFAULT_CHANNELS
      : collectWorkflowChannels(keys.map((key) => join(knockDir, "workflows", key, "workflow.json")));
  if (existsSync(join(knockDir, "environment.json"))) keep("environment.json");
  else files["environment.json"] = { name: "development", channels, variables: { app_url: "https://app.example.com" } };

  const recipients = listFolder(join(knockDir, "recipients")).filter((name) => name.endsWith(".json"));
  for (const name of recipients) keep("recipients", name);
  if (recipients.length === 0) files["recipients/users.json"] = SAMPLE_USERS;
  return {
    files,
    kept,
    isHello:
      (keys.length === 0 || keys.includes("hello")) && (recipients.length === 0 || recipients.includes("users.json")),
  };
}

/** Returns the files of a CI service that do not exist yet, and why its jobs would fail. */
function planCiFiles(root: string, ci: (typeof CI_SERVICES)[number], version: string) {
  const project = findCiProject(root);
  const files: NewFile[] = [];
  const kept: string[] = [];
  const warnings: string[] = [];
  const add = (path: string, content: string): boolean => {
    const isNew = !existsSync(path);
    if (isNew) files.push([path, content]);
    else kept.push(path);
    return isNew;
  };
  const checkInstallation = (): void => void warnings.push(...checkCiInstallation(root, project.repository, version));
  if (ci === "github") {
    const { path, content, usesNpm } = buildGitHubWorkflow(project, { version, address: readRepositoryAddress() });
    if (add(path, content) && usesNpm) checkInstallation();
  } else {
    const jobs = buildGitLabJobs(project, { version });
    if (add(jobs.path, jobs.content)) checkInstallation();
    add(jobs.mainPath, jobs.mainContent);
    warnings.push(...jobs.warnings);
  }
  return { files, kept, warnings };
}

/**
 * Creates a project, or adds missing files to an existing one: `knock.json`, a first workflow if there is no workflow,
 * `environment.json`, recipients, the JSON Schemas of all files, and the files of a CI service or of coding agents if they are
 * requested. Existing files are never changed, except the section of AGENTS.md, and files of the skill with `force`.
 * Throws `project_invalid` if a file cannot be written or `knock.json` cannot be read.
 */
export async function initProject(
  folder: string,
  { cwd, version }: Pick<ProcessIO, "cwd" | "version">,
  { ci, agents, force }: InitOptions,
): Promise<InitResult> {
  const root = resolve(cwd, folder);
  if (existsSync(root) && !statSync(root).isDirectory())
    throw new KnockError("project_invalid", `the project could not be written: ${folder} is a file, not a folder`, {
      hint: "Give the path of a folder. A folder that does not exist is created.",
    });
  const enclosing = findProjectRoot(dirname(root));
  const projectFile = join(root, PROJECT_FILE);
  const exists = existsSync(projectFile);
  const knockDir = exists ? await createDeclaredFolder(root, cwd) : join(root, "knock");
  const { files, kept, isHello } = planFiles(knockDir);
  const warnings: string[] = [];
  const all = Object.entries(files).map(([name, content]): NewFile => [join(knockDir, name), content]);
  if (!exists) all.unshift([projectFile, { knockDir: "./knock" }]);
  if (ci !== null) {
    const plan = planCiFiles(root, ci, version);
    all.push(...plan.files);
    kept.push(...plan.kept);
    warnings.push(...plan.warnings);
  }
  const displayPath = (file: string): string => relative(cwd, file);
  const agentFiles = agents === null ? null : planAgentFiles(findCiProject(root), agents, force, displayPath);
  all.push(...(agentFiles?.files ?? []));
  kept.push(...(agentFiles?.kept ?? []));
  warnings.push(...(agentFiles?.warnings ?? []));
  const written = await createFiles(root, all);
  const changed = agentFiles?.changed ?? [];
  for (const [file, content] of changed) await replaceFile(file, content);
  return {
    files: written.map(displayPath),
    changed: changed.map(([file]) => displayPath(file)),
    kept: [...(exists ? [projectFile] : []), ...kept].map(displayPath),
    warnings,
    within: enclosing === null ? null : formatDisplayPath(cwd, enclosing),
    next: isHello ? "knock notify hello --recipients ada" : "knock workflows list",
  };
}

/** Creates the `knockDir` that `knock.json` declares, which may not exist yet, and returns its path. */
async function createDeclaredFolder(root: string, cwd: string): Promise<string> {
  const file = join(root, PROJECT_FILE);
  try {
    const raw: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isJsonObject(raw) && typeof raw.knockDir === "string" && raw.knockDir.trim() !== "")
      makeFolder(resolve(root, raw.knockDir));
  } catch {
    // findProject below reports an unreadable file.
  }
  const location = await findProject({ cwd, project: root, knockDir: null });
  return location === null ? join(root, "knock") : location.knockDir;
}
