import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createDeliveryGuard } from "../../src/context/guard-deliveries.js";
import { isPostgresLocation } from "../../src/context/store-location.js";
import type { OpenedEmulator } from "../../src/features/dev/open-project-emulator.js";
import { openProjectEmulator } from "../../src/features/dev/open-project-emulator.js";
import { Output } from "../../src/output/output.js";
import { findProject } from "../../src/project/find-project.js";
import { openProject } from "../../src/project/open-project.js";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "./eventually.js";
import type { CommandResult, Sample } from "./run-knock.js";
import { type Files, TemporaryProject } from "./temporary-project.js";

export interface ProjectApi {
  url: string;
  project: TemporaryProject;
  /** The lines that were written to standard error. */
  stderrLines: string[];
  /** Sends a request such as `POST /v1/…` and returns its response. The key is sk_test unless a header overrides it. */
  request(
    on: string,
    content?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: JsonObject }>;
  /** Triggers a workflow for users, and returns the workflow run's ID. */
  trigger(workflow: string, ...users: string[]): Promise<string>;
  /** Stops the emulator, and starts it again with the same files and store. */
  restart(between?: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface ProjectSetup {
  env?: Record<string, string>;
  json?: boolean;
  /** The store: a path relative to the project, or the URL of a database. */
  store?: string;
  /** Whether the project has only the given files, without those of the sample. */
  isComplete?: boolean;
  /** Whether requests are logged on standard error. */
  logsRequests?: boolean;
  /** The folder of an earlier `knock dev`; a new one by default. */
  project?: TemporaryProject;
}

const FEED = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };
const MAIL = { ref: "email_1", type: "channel", channel_type: "email", channel_key: "mail" };

/** A workflow with a feed message, and one with an email from a sandboxed channel. */
export const SAMPLE_FILES: Files = {
  "knock.json": { knockDir: "./knock" },
  "knock/workflows/hello/workflow.json": {
    name: "Hello",
    steps: [{ ...FEED, template: { markdown_body: "Hi {{ n }}" } }],
  },
  "knock/workflows/letter/workflow.json": {
    name: "Letter",
    steps: [{ ...MAIL, template: { subject: "Hi", html_body: "<p>Hi</p>", settings: {} } }],
  },
  "knock/recipients/people.json": {
    users: [
      { id: "ada", email: "ada@lark.test" },
      { id: "bo", email: "bo@lark.test" },
    ],
  },
};

/** Returns the files of a project's folder, without its local data. */
export function readProjectFiles(dir: string): Files {
  const names = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(dir, join(parentPath, name)));
  return Object.fromEntries(
    names.filter((name) => !name.startsWith(".knock-local")).map((name) => [name, readFileSync(join(dir, name))]),
  );
}

/** Runs `knock dev` in this process with a new project. */
export async function openProjectApi(
  files: Files,
  { env = {}, json = false, store, isComplete = false, logsRequests = false, project: earlier }: ProjectSetup = {},
): Promise<ProjectApi> {
  const project = earlier ?? new TemporaryProject(isComplete ? files : { ...SAMPLE_FILES, ...files });
  const stderrLines: string[] = [];
  const discard = { write: () => true };
  const output = await Output.open({
    stdout: discard,
    stderr: { write: (text: string) => stderrLines.push(...text.trimEnd().split("\n")) > 0 },
    env: {},
  });
  output.verbosity = { json, quiet: false, verbose: false };
  const surroundings = {
    argv: [],
    name: "knock",
    env,
    cwd: project.root,
    version: "0",
    cachePrefix: null,
    threadFile: null,
    stdout: discard,
    stderr: discard,
    stdinIsTerminal: false,
    signal: new AbortController().signal,
    stdinIsPiped: false,
    readStdin: async function* () {},
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    confirm: async () => false,
    askSecret: async () => null,
  };
  const open = async (port: number): Promise<OpenedEmulator> => {
    const found = await findProject({ cwd: project.root, project: null, knockDir: null });
    if (found === null) throw new Error("the project is not found");
    const location = store === undefined ? ":memory:" : isPostgresLocation(store) ? store : project.path(store);
    const flags = {
      host: "127.0.0.1",
      allowedHosts: [],
      port,
      rateLimits: false,
      strict: false,
      logsRequests,
      readyFile: null,
      guardDeliveries: createDeliveryGuard(found.settings.recipients?.redirect ?? null, []),
    };
    return openProjectEmulator(openProject(found, project.root), location, flags, surroundings, output);
  };
  let emulator: OpenedEmulator;
  try {
    emulator = await open(0);
  } catch (error) {
    project.remove();
    throw error;
  }
  const { url, port } = emulator;
  const request: ProjectApi["request"] = async (endpoint, content, headers = {}) => {
    const [method = "", path = ""] = endpoint.split(" ");
    const body = content === undefined ? null : JSON.stringify(content);
    const send = (): Promise<Response> =>
      fetch(`${url}${path}`, { method, headers: { authorization: "Bearer sk_test", ...headers }, body });
    // After a restart, the first request may use a connection that has just been closed.
    const response = await (method === "GET" ? send().catch(send) : send());
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as JsonObject) };
  };
  return {
    url,
    project,
    stderrLines,
    request,
    async trigger(workflow, ...users) {
      const { status, body } = await request(`POST /v1/workflows/${workflow}/trigger`, { recipients: users });
      if (status !== 200) throw new Error(`the trigger of ${workflow} was answered ${status}: ${JSON.stringify(body)}`);
      return String(body.workflow_run_id);
    },
    async restart(between = async () => {}) {
      await emulator.close();
      await between();
      emulator = await open(port);
    },
    async close() {
      await emulator.close();
      project.remove();
    },
  };
}

/** A workflow that cannot be parsed. Its error on standard error shows that all files have been read. */
export const BROKEN_WORKFLOW: Files = { "knock/workflows/zz/workflow.json": "{" };

/** Waits until all files of a project with {@link BROKEN_WORKFLOW} have been read, so that later changes are reported. */
export async function waitForProjectSnapshot({ stderrLines: lines }: ProjectApi): Promise<void> {
  await eventually(() => lines.some((line) => line.includes("zz")));
}

/** Commands that always use the account. */
export const ACCOUNT_COMMANDS = /^knock (?:audit|diff|plan|pull|push|promote|branches)\b/;

/** Runs a command while `knock dev` with the same project takes the place of the account. */
export async function runWithAccount(sample: Sample, words: readonly string[]): Promise<CommandResult> {
  const api = await openProjectApi(readProjectFiles(sample.dir), { isComplete: true });
  try {
    const token = "knock_st_local";
    // The branch of the examples.
    if (words[0] === "branches" && words[1] !== "create")
      await api.request(
        "POST /v1/branches/shorter-emails?environment=development",
        {},
        { authorization: `Bearer ${token}` },
      );
    const env = { KNOCK_SERVICE_TOKEN: token, KNOCK_MGMT_BASE_URL: api.url };
    return await sample.knock(words, { env: { ...env, KNOCK_API_KEY: "sk_test_0123456789", KNOCK_BASE_URL: api.url } });
  } finally {
    await api.close();
  }
}
