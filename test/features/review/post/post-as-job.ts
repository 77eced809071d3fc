import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { postReview } from "../../../../src/features/review/post/post-review.js";
import { readPostTarget } from "../../../../src/features/review/post/post-target.js";
import { Output } from "../../../../src/output/output.js";
import type { CodeHost } from "../../../helpers/code-host.js";

type Context = Parameters<typeof postReview>[2];

/** The time of the job, which real time must not change. */
const NOW = Date.parse("2026-03-02T10:00:00Z");

interface PostOptions {
  project?: string;
  environment?: string | null;
  hasDifferences?: boolean;
  markdown?: string | ((limit: number) => string);
  /** Replaces variables of the job; undefined unsets one. */
  env?: Record<string, string | undefined>;
  /** The content of GitHub's event file. */
  event?: unknown;
  signal?: AbortSignal;
  sleep?: Context["sleep"];
}

/** Returns the variables of a job for a pull request or merge request, with a folder for GitHub's files. */
export function buildJobVariables(host: CodeHost, folder: string): Record<string, string> {
  if (host.service === "gitlab")
    return {
      GITLAB_TOKEN: host.token,
      CI_API_V4_URL: host.apiUrl,
      CI_PROJECT_ID: "99",
      CI_MERGE_REQUEST_PROJECT_ID: "51",
      CI_MERGE_REQUEST_IID: "7",
    };
  return {
    GITHUB_TOKEN: host.token,
    GITHUB_API_URL: host.apiUrl,
    GITHUB_REPOSITORY: "acme/app",
    GITHUB_EVENT_PATH: join(folder, "event.json"),
    GITHUB_STEP_SUMMARY: join(folder, "summary.md"),
  };
}

/** Posts a review as a job of the host would. Returns what it wrote, and the milliseconds for which it would have waited. */
export async function post(host: CodeHost, folder: string, options: PostOptions = {}) {
  const {
    project = "services/api",
    environment = null,
    hasDifferences = true,
    markdown = "3 messages change.\n",
    event = { pull_request: { number: 7 } },
  } = options;
  const env = { ...buildJobVariables(host, folder), ...options.env };
  writeFileSync(join(folder, "event.json"), JSON.stringify(event));
  writeFileSync(join(folder, "summary.md"), "");
  const printed: string[] = [];
  const stream = { isTTY: false, write: (text: string) => void printed.push(text) };
  const output = await Output.open({ stdout: stream, stderr: stream, env: {} } as never);
  const waits: number[] = [];
  const signal = options.signal ?? new AbortController().signal;
  await postReview(
    readPostTarget(host.service, env),
    {
      report: { project, environment, summary: { has_differences: hasDifferences } },
      formatMarkdown: (limit) => (typeof markdown === "string" ? markdown : markdown(limit)),
    },
    {
      io: { env, version: "1.2.3" } as unknown as Context["io"],
      output,
      signal,
      now: () => NOW,
      sleep: options.sleep ?? (async (milliseconds) => void waits.push(milliseconds)),
    },
  );
  return { stderr: printed.join(""), waits, summary: readFileSync(join(folder, "summary.md"), "utf8") };
}
