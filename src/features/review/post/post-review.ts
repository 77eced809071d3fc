import type { CommandContext } from "../../../context/command-context.js";
import { appendJobSummary } from "../../../context/report-to-github.js";
import type { Warning } from "../../../errors/knock-error.js";
import { decideRetry } from "../../../remote/decide-request-retry.js";
import { readProxySettings } from "../../../remote/http/proxy-settings.js";
import { formatDuration } from "../../../util/duration.js";
import { isJsonObject, type JsonObject } from "../../../util/json.js";
import type { ReviewReport } from "../review-report-schema.js";
import { CommentClient, RequestFailure } from "./comment-client.js";
import type { CommentApi, PostService, PostTarget } from "./post-target.js";

type PostContext = Pick<CommandContext, "io" | "output" | "now" | "sleep" | "signal">;

/** The maximum number of characters of a comment: GitHub answers a longer one with 422, GitLab with 400. */
const MAX_COMMENT_LENGTHS: Record<PostService, number> = { github: 65_536, gitlab: 1_000_000 };

/** Attempts after the first one. */
const RETRIES = 2;

/** GitHub asks to wait a minute after its secondary limit if no header says more. GitLab counts requests per minute. */
const DEFAULT_RATE_LIMIT_SECONDS = 60;

interface Review {
  report: Pick<ReviewReport, "project" | "environment"> & { summary: Pick<ReviewReport["summary"], "has_differences"> };
  /** Returns the comment in at most `maxLength` UTF-16 code units. */
  formatMarkdown(maxLength: number): string;
}

/**
 * Posts a review as one comment, which later reviews of the same project and environment update. Without differences, only an
 * existing comment is updated. If it cannot be posted, it is added to the job summary, and the reason is a warning: posting never
 * decides the exit code.
 */
export async function postReview({ service, api }: PostTarget, review: Review, context: PostContext): Promise<void> {
  const { io, output } = context;
  const marker = buildMarker(review.report);
  const markdown = review.formatMarkdown(MAX_COMMENT_LENGTHS[service] - marker.length - 1);
  const body = `${marker}\n${service === "gitlab" ? escapeQuickActions(markdown) : markdown}`;
  const comment = { marker, body, isNeeded: review.report.summary.has_differences };
  const result = "message" in api ? api : await postComment(service, api, comment, context);
  if (typeof result === "string") return output.note(result);
  const isInSummary = appendJobSummary(markdown, io.env, output);
  const hints = [result.hint, isInSummary ? "The review is in the job summary." : undefined];
  output.warn(`the review was not posted: ${result.message}`, hints.filter(Boolean).join(" ") || undefined);
}

/** Returns the hidden first line of a comment, by which it is found again. Its values cannot end the HTML comment. */
function buildMarker({ project, environment }: Pick<ReviewReport, "project" | "environment">): string {
  const encode = (text: string): string =>
    encodeURIComponent(text.toWellFormed())
      .replaceAll("%2F", "/")
      .replace(/-{2,}/g, (dashes) => "%2D".repeat(dashes.length));
  return `<!-- knock review: ${[project, environment].flatMap((part) => (part === null ? [] : encode(part))).join(", ")} -->`;
}

/** GitLab runs a line such as `/merge` with the rights of the token. */
function escapeQuickActions(markdown: string): string {
  return markdown.replace(/^\//gm, "\\/");
}

interface Comment {
  marker: string;
  body: string;
  /** Whether the comment is created if it does not exist. */
  isNeeded: boolean;
}

/**
 * Returns a note about the comment, or a warning with the reason why it was not written. An attempt begins with listing the comments
 * again, because a failed request may have created one.
 */
async function postComment(
  service: PostService,
  api: CommentApi,
  comment: Comment,
  { io, output, now, sleep, signal }: PostContext,
): Promise<string | Warning> {
  const proxy = readProxySettings(io.env);
  const client = new CommentClient(api, { userAgent: `knock-cli/${io.version}`, proxy, signal });
  const policy = { retries: RETRIES, random: Math.random, now };
  try {
    for (let retries = 0; ; retries++) {
      try {
        return await updateOrCreate(service, api, comment, client);
      } catch (error) {
        if (!(error instanceof RequestFailure)) throw error;
        const { status, headers = {}, retryable = false } = error.facts;
        const limitSeconds = getRateLimitSeconds(error, now());
        const { delay_ms: delay } = decideRetry(
          limitSeconds === null
            ? { status, headers, retryable }
            : { status: 429, headers: { "retry-after": String(limitSeconds) }, retryable },
          retries,
          policy,
        );
        if (delay === null) return describeFailure(service, api, error, limitSeconds);
        if (limitSeconds !== null)
          output.note(`${api.base.host} limits requests. Trying again in ${formatDuration(delay)}.`);
        await sleep(delay, signal);
      }
    }
  } finally {
    await client.close();
  }
}

async function updateOrCreate(
  service: PostService,
  { label, updateMethod, listPath, getCommentPath }: CommentApi,
  { marker, body, isNeeded }: Comment,
  client: CommentClient,
): Promise<string> {
  const id = await findComment(service, marker, client);
  if (id !== null) {
    try {
      await client.send(updateMethod, getCommentPath(id), { body });
      return `Updated the comment on ${label}.`;
    } catch (error) {
      // The comment was deleted after it was listed.
      if (!(error instanceof RequestFailure) || error.facts.status !== 404) throw error;
    }
  }
  if (!isNeeded) return `Posted nothing on ${label}, because there are no differences.`;
  await client.send("POST", listPath, { body });
  return `Created a comment on ${label}.`;
}

/**
 * Returns the ID of the comment that begins with the marker, or null. A person may have copied the marker, so the author has to be
 * a bot of GitHub, as for the token of a job, or the owner of the token.
 */
async function findComment(service: PostService, marker: string, client: CommentClient): Promise<number | null> {
  let viewerId: number | null | undefined;
  for await (const comment of client.list()) {
    const { id, body, user, author = user } = comment;
    if (typeof id !== "number" || typeof body !== "string" || !body.startsWith(marker)) continue;
    if (!isJsonObject(author)) continue; // The account was deleted.
    if (service === "github" && author.type === "Bot") return id;
    if (viewerId === undefined) viewerId = await readViewerId(service, client);
    if (author.id === viewerId) return id;
  }
  return null;
}

/** Returns the ID of the token's owner. The token of a GitHub job belongs to an app, and is refused with 403: null. */
async function readViewerId(service: PostService, client: CommentClient): Promise<number | null> {
  try {
    const { id } = (await client.send("GET", "/user")) as JsonObject;
    return typeof id === "number" ? id : null;
  } catch (error) {
    const isApp = service === "github" && error instanceof RequestFailure && error.facts.status === 403;
    if (isApp && getRateLimitSeconds(error, 0) === null) return null;
    throw error;
  }
}

/**
 * Returns for how many seconds requests are refused, or null if the failure is not a rate limit. GitHub answers with 403 or 429, and
 * with `retry-after`, with `x-ratelimit-remaining: 0` and the Unix time `x-ratelimit-reset`, or for its secondary limit only with a
 * message. GitLab answers with 429, and with `Retry-After` or the Unix time `RateLimit-Reset`.
 */
function getRateLimitSeconds({ facts }: RequestFailure, now: number): number | null {
  const { status, headers = {}, explanation = "" } = facts;
  const { "retry-after": retryAfter, "x-ratelimit-remaining": remaining } = headers;
  const isLimited =
    status === 429 ||
    (status === 403 && (retryAfter !== undefined || remaining === "0" || /rate limit/i.test(explanation)));
  if (!isLimited) return null;
  if (retryAfter !== undefined && /^\d+$/.test(retryAfter)) return Number(retryAfter);
  const reset = remaining === "0" ? headers["x-ratelimit-reset"] : headers["ratelimit-reset"];
  if (reset === undefined || !/^\d+$/.test(reset)) return DEFAULT_RATE_LIMIT_SECONDS;
  const serverNow = Date.parse(headers.date ?? "") || now;
  return Math.max(1, Math.ceil(Number(reset) - serverNow / 1_000));
}

const RIGHTS_HINTS: Record<PostService, string> = {
  github:
    "Add `permissions: pull-requests: write` to the job. Pull requests from forks have a token that can only read.",
  gitlab:
    "GITLAB_TOKEN needs the scope `api`, and its owner the right to comment. Only members of the project can comment on a locked merge request.",
};

/** Returns the warning for the last failure of a post. */
function describeFailure(
  service: PostService,
  { label, base }: CommentApi,
  { message, facts }: RequestFailure,
  limitSeconds: number | null,
): Warning {
  if (limitSeconds !== null)
    return {
      message: `${base.host} refuses requests for another ${formatDuration(limitSeconds * 1_000)}, because its rate limit was exceeded`,
      hint: "Run the job again later.",
    };
  const { status, explanation = "", hint } = facts;
  if (status === 401) return { message, hint: `The token is invalid or has expired. ${RIGHTS_HINTS[service]}` };
  if (status === 403 && /\blocked\b/i.test(explanation))
    return { message: `${label} is locked`, hint: "Unlock the conversation to get comments again." };
  if (status === 403 || status === 404)
    return { message: `the token has no right to comment on ${label} (${message})`, hint: RIGHTS_HINTS[service] };
  return { message, hint };
}
