import { readFileSync } from "node:fs";
import { type BaseUrl, parseBaseUrl } from "../../../domain/request/parse-base-url.js";
import { KnockError, type Warning } from "../../../errors/knock-error.js";
import { checkProxy, readProxySettings } from "../../../remote/http/proxy-settings.js";
import { isJsonObject, type Json } from "../../../util/json.js";

export type PostService = "github" | "gitlab";

type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** The REST API for the comments of one pull request or merge request. */
export interface CommentApi {
  base: BaseUrl;
  token: string;
  headers: Record<string, string>;
  /** The pull request or merge request in messages. */
  label: string;
  /** The path of the comments: GET lists them, and POST creates one. */
  listPath: string;
  /** The sizes and the order of pages. */
  listQuery: string;
  updateMethod: "PATCH" | "PUT";
  /** The path of a comment that is updated. */
  getCommentPath(id: number): string;
}

/** Where a review is posted; `api` is a warning without a job, or if it has no pull request, no merge request or no token. */
export interface PostTarget {
  service: PostService;
  api: CommentApi | Warning;
}

/**
 * Returns the place for the comment from the variables of the CI job; a warning outside of one, so that its command can also be tried
 * locally. Throws `usage` for a missing or invalid variable, or an invalid proxy.
 */
export function readPostTarget(service: PostService, env: EnvironmentVariables): PostTarget {
  checkProxy(readProxySettings(env));
  return { service, api: service === "github" ? readGitHubTarget(env) : readGitLabTarget(env) };
}

/**
 * GitHub's REST API: a pull request is an issue, so `/repos/{owner}/{repo}/issues/{number}/comments` has its comments, in ascending
 * order by ID and 100 per page. PATCH `/repos/{owner}/{repo}/issues/comments/{id}` updates one.
 */
function readGitHubTarget(env: EnvironmentVariables): CommentApi | Warning {
  const hint = "Run the command in a job of GitHub Actions, with `env: GITHUB_TOKEN: ${{ github.token }}`.";
  if (!env.GITHUB_API_URL && !env.GITHUB_REPOSITORY && !env.GITHUB_EVENT_PATH)
    return { message: "this is not a job of GitHub Actions", hint };
  const variables = requireVariables(
    {
      GITHUB_TOKEN: env.GITHUB_TOKEN || env.GH_TOKEN,
      GITHUB_API_URL: env.GITHUB_API_URL,
      GITHUB_REPOSITORY: env.GITHUB_REPOSITORY,
      GITHUB_EVENT_PATH: env.GITHUB_EVENT_PATH,
    },
    "--post github",
    hint,
  );
  const token = checkToken(variables.GITHUB_TOKEN, "GITHUB_TOKEN");
  const base = parseApiUrl(variables.GITHUB_API_URL, "GITHUB_API_URL");
  const number = findPullRequest(readEvent(variables.GITHUB_EVENT_PATH));
  if (number === null)
    return {
      message: `the event ${env.GITHUB_EVENT_NAME || "of this job"} has no pull request to comment on`,
      hint: "Run the job for pull requests: `on: pull_request`.",
    };
  const repository = variables.GITHUB_REPOSITORY.split("/").map(encodeURIComponent).join("/");
  return {
    base,
    token,
    headers: {
      Authorization: `Bearer ${token}`,
      Accept: "application/vnd.github+json",
      "X-GitHub-Api-Version": "2022-11-28",
    },
    label: `pull request ${variables.GITHUB_REPOSITORY}#${number}`,
    listPath: `/repos/${repository}/issues/${number}/comments`,
    listQuery: "?per_page=100",
    updateMethod: "PATCH",
    getCommentPath: (id) => `/repos/${repository}/issues/comments/${id}`,
  };
}

/**
 * GitLab's REST API: `/projects/{id}/merge_requests/{iid}/notes` has the comments of a merge request, up to 100 per page. PUT on
 * `/notes/{id}` updates one. In the pipeline of a fork, `CI_PROJECT_ID` is the fork, and `CI_MERGE_REQUEST_PROJECT_ID` the project
 * whose merge request `CI_MERGE_REQUEST_IID` is. Forks and jobs of unprotected branches do not receive protected variables, so a
 * missing token is a warning.
 */
function readGitLabTarget(env: EnvironmentVariables): CommentApi | Warning {
  if (!env.CI_API_V4_URL)
    return {
      message: "this is not a job of GitLab CI/CD",
      hint: "Run the command in a pipeline of a merge request.",
    };
  const base = parseApiUrl(env.CI_API_V4_URL, "CI_API_V4_URL");
  const [projectId, iid] = [env.CI_MERGE_REQUEST_PROJECT_ID, env.CI_MERGE_REQUEST_IID];
  if (!projectId || !iid)
    return {
      message: "this pipeline has no merge request to comment on",
      hint: 'Run the job for merge requests: `rules: - if: $CI_PIPELINE_SOURCE == "merge_request_event"`.',
    };
  if (!env.GITLAB_TOKEN)
    return {
      message: "GITLAB_TOKEN is not set",
      hint: "Add a project access token with the scope `api` as the CI/CD variable GITLAB_TOKEN, masked and not protected. Pipelines of forks cannot read it.",
    };
  const token = checkToken(env.GITLAB_TOKEN, "GITLAB_TOKEN");
  const listPath = `/projects/${encodeURIComponent(projectId)}/merge_requests/${encodeURIComponent(iid)}/notes`;
  return {
    base,
    token,
    headers: { "PRIVATE-TOKEN": token, Accept: "application/json" },
    label: `merge request !${iid}`,
    listPath,
    listQuery: "?per_page=100&order_by=created_at&sort=asc",
    updateMethod: "PUT",
    getCommentPath: (id) => `${listPath}/${id}`,
  };
}

/** Returns the address of the artifacts of a job of GitHub Actions, or null outside of one. */
export function getGitHubArtifactsUrl(env: EnvironmentVariables): string | null {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  return server && repository && run ? `${server}/${repository}/actions/runs/${run}#artifacts` : null;
}

/** Returns variables that are all set. Throws `usage` that names the missing ones. */
function requireVariables<Name extends string>(
  variables: Record<Name, string | undefined>,
  flag: string,
  hint: string,
): Record<Name, string> {
  const missing = Object.entries(variables).flatMap(([name, value]) => (value ? [] : [name]));
  if (missing.length === 0) return variables as Record<Name, string>;
  throw new KnockError("usage", `${flag}: not set: ${missing.join(", ")}`, { hint });
}

function parseApiUrl(text: string, name: string): BaseUrl {
  try {
    return parseBaseUrl(text, name);
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    throw error.copyWith({ hint: `The CI system sets ${name}. Use an address that starts with https://.` });
  }
}

/** Returns a token that a header can contain. The token itself is never shown. */
function checkToken(token: string, name: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new KnockError("usage", `${name} contains characters that are not allowed, such as a space or line break`, {
    hint: "Store the token again, without spaces and line breaks.",
  });
}

function readEvent(path: string): Json {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Json;
  } catch (error) {
    throw new KnockError("usage", "GITHUB_EVENT_PATH: the file of the event is missing or not JSON", {
      hint: "GitHub Actions sets GITHUB_EVENT_PATH. In a container, mount its folder.",
      cause: error,
    });
  }
}

/** Returns the number of the event's pull request. The event of a comment has it as an issue with `pull_request`. */
function findPullRequest(event: Json): number | null {
  if (!isJsonObject(event)) return null;
  const { pull_request: pullRequest, issue } = event;
  const source = isJsonObject(issue) && isJsonObject(issue.pull_request) ? issue : pullRequest;
  return isJsonObject(source) && Number.isSafeInteger(source.number) ? (source.number as number) : null;
}
