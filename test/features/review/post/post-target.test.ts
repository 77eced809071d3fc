import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readPostTarget } from "../../../../src/features/review/post/post-target.js";
import { catchThrown } from "../../../helpers/catch-error.js";
import { CodeHost } from "../../../helpers/code-host.js";
import { post } from "./post-as-job.js";

const MARKER = "<!-- knock review: services/api -->";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "knock-post-target-"));
});

describe("the variables of a job", () => {
  it("are named if they are missing", () => {
    const error = catchThrown(() => readPostTarget("github", { GITHUB_TOKEN: "", GITHUB_REPOSITORY: "a/b" }));
    expect(error).toMatchObject({
      code: "usage",
      message: "--post github: not set: GITHUB_TOKEN, GITHUB_API_URL, GITHUB_EVENT_PATH",
    });
  });

  it.each([
    ["github", "this is not a job of GitHub Actions"],
    ["gitlab", "this is not a job of GitLab CI/CD"],
  ] as const)("are not needed outside of CI, where nothing is posted: %s", (service, message) => {
    expect(readPostTarget(service, {}).api).toMatchObject({ message });
  });

  const GITHUB = {
    GITHUB_TOKEN: "t",
    GITHUB_API_URL: "https://h",
    GITHUB_REPOSITORY: "a/b",
    GITHUB_EVENT_PATH: "/none",
  };
  const GITLAB = {
    CI_API_V4_URL: "https://h/api/v4",
    GITLAB_TOKEN: "t",
    CI_MERGE_REQUEST_PROJECT_ID: "1",
    CI_MERGE_REQUEST_IID: "2",
  };

  it.each([
    ["an event file that is missing", "github", { ...GITHUB }, "GITHUB_EVENT_PATH: the file of the event is missing"],
    ["plain HTTP", "github", { ...GITHUB, GITHUB_API_URL: "http://h" }, "GITHUB_API_URL: plain http to h would send"],
    ["plain HTTP", "gitlab", { ...GITLAB, CI_API_V4_URL: "http://h" }, "CI_API_V4_URL: plain http to h would send"],
    ["a line break in a token", "github", { ...GITHUB, GITHUB_TOKEN: "secret\n" }, "GITHUB_TOKEN contains characters"],
    ["a space in a token", "gitlab", { ...GITLAB, GITLAB_TOKEN: "sec ret" }, "GITLAB_TOKEN contains characters"],
    ["a proxy that is no URL", "gitlab", { ...GITLAB, HTTPS_PROXY: "::" }, "HTTPS_PROXY is not the URL"],
  ] as const)("are rejected with %s", (_, service, env, message) => {
    const error = catchThrown(() => readPostTarget(service, env));
    expect(error).toMatchObject({ code: "usage", message: expect.stringContaining(message) });
    expect(JSON.stringify([error.message, error.hint])).not.toMatch(/sec/);
  });
});

describe("a job of GitHub Actions", () => {
  let host: CodeHost;
  beforeEach(async () => {
    host = await CodeHost.start("github");
  });
  afterEach(() => host.server.close());

  it.each([
    ["push", { ref: "refs/heads/main" }],
    ["merge_group", { merge_group: { base_ref: "refs/heads/main" } }],
    ["issue_comment", { issue: { number: 7 } }],
    ["schedule", null],
    ["pull_request", { pull_request: { number: "7" } }],
  ])("adds the review to the job summary for an event without a pull request: %s", async (name, event) => {
    const { stderr, summary } = await post(host, folder, { event, env: { GITHUB_EVENT_NAME: name } });
    expect(stderr).toBe(
      `warning: the review was not posted: the event ${name} has no pull request to comment on\nhint: Run the job for pull requests: \`on: pull_request\`. The review is in the job summary.\n`,
    );
    expect(summary).toBe("3 messages change.\n");
    expect(host.requests).toEqual([]);
  });

  it("comments on the pull request of a comment", async () => {
    await post(host, folder, { event: { issue: { number: 7, pull_request: {} } } });
    expect(host.comments).toHaveLength(1);
  });

  it("uses GH_TOKEN without GITHUB_TOKEN", async () => {
    await post(host, folder, { env: { GITHUB_TOKEN: "", GH_TOKEN: host.token } });
    expect(host.comments).toHaveLength(1);
  });

  it("asks for the token's owner only if a person has a comment with the marker", async () => {
    await post(host, folder);
    await post(host, folder);
    expect(host.requests).not.toContain("GET /user");
    host.comments.unshift(
      { id: 900, body: MARKER, authorId: 7, isBot: false },
      { id: 901, body: MARKER, authorId: 8, isBot: false },
    );
    await post(host, folder);
    expect(host.requests.filter((request) => request === "GET /user")).toHaveLength(1);
    expect(host.comments).toHaveLength(3);
  });

  it("updates the comment of a person whose token it has", async () => {
    host.hasUser = true;
    for (const markdown of ["First.", "Second."]) await post(host, folder, { markdown });
    expect(host.comments).toMatchObject([{ body: `${MARKER}\nSecond.`, isBot: false }]);
  });

  it("waits a minute after a secondary rate limit without headers, also when it asks for the owner", async () => {
    host.addComment(MARKER, { id: 7, isBot: false });
    const json = { message: "You have exceeded a secondary rate limit." };
    host.onRequest = ({ path }) => {
      if (path.endsWith("/user") && host.server.requests.length === 2)
        host.faults.push({ method: "GET", response: { status: 403, json } });
    };
    const { waits } = await post(host, folder);
    expect(waits).toEqual([60_000]);
    expect(host.comments).toHaveLength(2);
  });

  it("stops at a hundred pages of comments", async () => {
    const link = '<https://code.example.com/?page=2>; rel="next"';
    host.faults.push(...Array(101).fill({ method: "GET", response: { json: [], headers: { link } } }));
    expect((await post(host, folder)).stderr).toContain("there are more than 100 pages of comments");
    expect(host.comments).toEqual([]);
  });

  it("warns if the job summary cannot be written, and does not refer to it", async () => {
    host.access = "read";
    const { stderr } = await post(host, folder, { env: { GITHUB_STEP_SUMMARY: folder } });
    expect(stderr).toContain("warning: the job summary was not written: EISDIR");
    expect(stderr).not.toContain("in the job summary");
    expect((await post(host, folder, { env: { GITHUB_STEP_SUMMARY: "" } })).stderr).not.toContain("summary");
  });
});

describe("a job of GitLab CI/CD", () => {
  let host: CodeHost;
  beforeEach(async () => {
    host = await CodeHost.start("gitlab");
  });
  afterEach(() => host.server.close());

  it.each([
    ["CI_MERGE_REQUEST_IID", "this pipeline has no merge request to comment on", "merge_request_event"],
    ["GITLAB_TOKEN", "GITLAB_TOKEN is not set", "masked and not protected"],
  ])("warns without %s", async (name, reason, hint) => {
    const { stderr } = await post(host, folder, { env: { [name]: undefined } });
    expect(stderr).toContain(`warning: the review was not posted: ${reason}\n`);
    expect(stderr).toContain(hint);
    expect(host.requests).toEqual([]);
  });

  it("posts no quick actions", async () => {
    await post(host, folder, { markdown: "/merge\nSee /docs.\r\n/close\n" });
    expect(host.comments[0]?.body).toBe(`${MARKER}\n\\/merge\nSee /docs.\r\n\\/close\n`);
  });

  it("does not create a comment if the token's owner is unknown, because the next job would create another one", async () => {
    host.addComment(MARKER, { id: 7, isBot: false });
    host.hasUser = false;
    expect((await post(host, folder)).stderr).toContain("the token has no right to comment on merge request !7");
    expect(host.comments).toHaveLength(1);
  });
});
