import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { CodeHost } from "../../../helpers/code-host.js";
import { post } from "./post-as-job.js";

const PERSON = { id: 7, isBot: false };
const MARKER = "<!-- knock review: services/api -->";
const DATE = "Mon, 02 Mar 2026 09:00:00 GMT";
const DATE_SECONDS = Date.parse(DATE) / 1_000;

const LABELS = { github: "pull request acme/app#7", gitlab: "merge request !7" };
const UPDATE_METHODS = { github: "PATCH", gitlab: "PUT" };

describe.each(["github", "gitlab"] as const)("posting a review to %s", (service) => {
  const label = LABELS[service];
  const updateMethod = UPDATE_METHODS[service];
  let folder: string;
  let host: CodeHost;
  /** Returns the job summary after a failure: GitHub has one, GitLab only the log. */
  const inSummary = (markdown: string): string => (service === "github" ? markdown : "");
  const getBodies = (): string[] => host.comments.map(({ body }) => body);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "knock-post-"));
  });
  beforeEach(async () => {
    host = await CodeHost.start(service);
  });
  afterEach(() => host.server.close());

  it("creates a comment, and updates it in place", async () => {
    expect(await post(host, folder, { markdown: "First.\n" })).toEqual({
      stderr: `Created a comment on ${label}.\n`,
      waits: [],
      summary: "",
    });
    expect(await post(host, folder, { markdown: "Second.\n" })).toMatchObject({
      stderr: `Updated the comment on ${label}.\n`,
    });
    expect(getBodies()).toEqual([`${MARKER}\nSecond.\n`]);
  });

  it("writes one comment for each project and environment", async () => {
    const jobs = [
      { project: "." },
      { project: "services/api" },
      { project: "services/api", environment: "production" },
      { project: "a --> b\n--", environment: "--> @team, 100%\u2029\ud800" },
    ];
    for (const job of jobs) await post(host, folder, { ...job, markdown: "1" });
    for (const job of jobs) await post(host, folder, { ...job, markdown: "2" });
    expect(getBodies()).toEqual([
      "<!-- knock review: . -->\n2",
      "<!-- knock review: services/api -->\n2",
      "<!-- knock review: services/api, production -->\n2",
      "<!-- knock review: a%20%2D%2D%3E%20b%0A%2D%2D, %2D%2D%3E%20%40team%2C%20100%25%E2%80%A9%EF%BF%BD -->\n2",
    ]);
  });

  it("finds its comment on a later page", async () => {
    host.addPersonsComments(230);
    await post(host, folder, { markdown: "First." });
    host.addPersonsComments(80);
    await post(host, folder, { markdown: "Second." });
    expect(host.comments).toHaveLength(311);
    expect(host.comments[230]?.body).toBe(`${MARKER}\nSecond.`);
    expect(host.requests.filter((request) => request.startsWith("GET") && !request.includes("user"))).toHaveLength(6);
  });

  it("only updates an existing comment if there are no differences", async () => {
    expect(await post(host, folder, { hasDifferences: false })).toMatchObject({
      stderr: `Posted nothing on ${label}, because there are no differences.\n`,
      summary: "",
    });
    expect(getBodies()).toEqual([]);
    await post(host, folder);
    await post(host, folder, { hasDifferences: false, markdown: "Nothing changes." });
    expect(getBodies()).toEqual([`${MARKER}\nNothing changes.`]);
  });

  it("leaves comments of people that contain the marker", async () => {
    const copy = `${MARKER}\nI copied this.`;
    host.addComment(copy, PERSON);
    host.addComment(`> ${MARKER}\nA quote.`, { id: 8, isBot: true });
    for (const markdown of ["First.", "Second."]) await post(host, folder, { markdown });
    expect(getBodies()).toEqual([copy, expect.stringContaining("A quote."), `${MARKER}\nSecond.`]);
  });

  it("creates a comment again that is deleted between reading and writing", async () => {
    await post(host, folder);
    host.onRequest = ({ method }) => {
      if (method === updateMethod) host.comments = [];
    };
    await post(host, folder, { markdown: "Again." });
    expect(getBodies()).toEqual([`${MARKER}\nAgain.`]);
    host.onRequest = ({ method }) => {
      if (method === updateMethod) host.comments = [];
    };
    await post(host, folder, { hasDifferences: false });
    expect(getBodies()).toEqual([]);
  });

  it("retries temporary failures without a second comment", async () => {
    host.faults.push(
      { method: "GET", response: { status: 503, text: "<h1>Unavailable</h1>" } },
      { method: "POST", response: { status: 502 }, isProcessed: true },
    );
    const { stderr, waits } = await post(host, folder);
    expect(stderr).toBe(`Updated the comment on ${label}.\n`);
    expect(waits).toHaveLength(2);
    expect(getBodies()).toEqual([`${MARKER}\n3 messages change.\n`]);
  });

  it("retries a closed connection, and gives up after three attempts", async () => {
    host.faults.push(...Array(4).fill({ method: "POST", response: { fault: "drop" } }));
    const { stderr, waits, summary } = await post(host, folder);
    expect(stderr).toMatch(
      /^warning: the review was not posted: could not reach 127\.0\.0\.1:\d+: the connection was closed\n/,
    );
    expect(waits).toHaveLength(2);
    expect(summary).toBe(inSummary("3 messages change.\n"));
    expect(getBodies()).toEqual([]);
  });

  it("waits up to a minute for the end of a rate limit", async () => {
    const prefix = service === "github" ? "x-" : "";
    host.faults.push(
      { method: "GET", response: { status: 429, headers: { "retry-after": "12" }, text: "Retry later" } },
      {
        method: "POST",
        response: {
          status: service === "github" ? 403 : 429,
          headers: {
            date: DATE,
            [`${prefix}ratelimit-reset`]: String(DATE_SECONDS + 45),
            [`${prefix}ratelimit-remaining`]: "0",
          },
        },
      },
    );
    const { stderr, waits } = await post(host, folder);
    expect(waits).toEqual([12_000, 45_000]);
    expect(stderr).toMatch(/limits requests\. Trying again in 12s\.\n.*Trying again in 45s\.\nCreated a comment/);
  });

  it("does not wait longer than a minute for the end of a rate limit", async () => {
    host.faults.push({ method: "POST", response: { status: 429, headers: { "retry-after": "1800" } } });
    const { stderr, waits, summary } = await post(host, folder);
    expect(waits).toEqual([]);
    expect(stderr).toMatch(/not posted: \S+ refuses requests for another 30m, because its rate limit was exceeded\n/);
    expect(stderr).toContain("hint: Run the job again later.");
    expect(summary).toBe(inSummary("3 messages change.\n"));
  });

  it("gives up if the server does not respond within 30 seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      host.faults.push({ method: "POST", response: { fault: "silent" } });
      host.onRequest = ({ method }) => {
        if (method === "POST") vi.advanceTimersByTime(30_000);
      };
      const { stderr, waits, summary } = await post(host, folder);
      expect(stderr).toMatch(/not posted: no response from 127\.0\.0\.1:\d+ within 30 seconds\n/);
      expect(waits).toEqual([]);
      expect(summary).toBe(inSummary("3 messages change.\n"));
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ["read", "GITLAB_TOKEN needs the scope `api`"],
    ["none", "GITLAB_TOKEN needs the scope `api`"],
  ] as const)("warns if the token has the access %s", async (access, gitLabHint) => {
    host.access = access;
    const { stderr, summary } = await post(host, folder);
    expect(stderr).toContain(`warning: the review was not posted: the token has no right to comment on ${label} (`);
    expect(stderr).toContain(
      service === "github" ? "hint: Add `permissions: pull-requests: write` to the job." : `hint: ${gitLabHint}`,
    );
    expect(stderr.includes("The review is in the job summary.")).toBe(service === "github");
    expect(summary).toBe(inSummary("3 messages change.\n"));
  });

  it("says nothing about rights if there is nothing to write", async () => {
    host.access = "read";
    const { stderr } = await post(host, folder, { hasDifferences: false });
    expect(stderr).not.toContain("warning");
  });

  it("warns about an invalid token, which is never printed", async () => {
    const token = "another_token_9876543210";
    const echo = { status: 401, json: { message: `Bad credentials: ${token}\u001b[2J` } };
    host.faults.push({ method: "GET", response: echo });
    const { stderr } = await post(host, folder, { env: { GITHUB_TOKEN: token, GITLAB_TOKEN: token } });
    expect(stderr).toContain("answered with status 401: Bad credentials: [redacted] [2J\n");
    expect(stderr).toContain("hint: The token is invalid or has expired.");
    expect(stderr).not.toContain(token);
  });

  it("warns about a locked conversation", async () => {
    host.isLocked = true;
    const { stderr, summary } = await post(host, folder);
    expect(stderr).toContain(
      service === "github"
        ? `not posted: ${label} is locked\nhint: Unlock the conversation`
        : "Only members of the project can comment on a locked merge request.",
    );
    expect(summary).toBe(inSummary("3 messages change.\n"));
  });

  it("fills the maximum length with the marker and the review", async () => {
    await post(host, folder, { markdown: (limit) => "x".repeat(limit) });
    expect(getBodies()[0]).toHaveLength({ github: 65_536, gitlab: 1_000_000 }[service]);
  });

  it("warns about a comment that the server rejects", async () => {
    const { stderr, waits } = await post(host, folder, { markdown: (limit) => "x".repeat(limit + 1) });
    expect(stderr).toMatch(
      /not posted: \S+ answered with status (422: Validation Failed: Body |400: \{"note":\[")is too long/i,
    );
    expect(waits).toEqual([]);
  });

  it.each([
    ["is not JSON", { text: "<html>Sign in</html>" }, "sent a response that is not JSON"],
    ["is no list", { json: { comments: [] } }, "sent no list of comments"],
    ["is a redirect", { status: 301, headers: { location: "https://example.com" } }, "answered with status 301"],
    ["is not HTTP", { fault: "garbage" }, "could not reach"],
  ] as const)("warns about a response that %s", async (_, response, reason) => {
    host.faults.push({ method: "GET", response });
    const { stderr, summary } = await post(host, folder);
    expect(stderr).toContain(reason);
    expect(summary).toBe(inSummary("3 messages change.\n"));
  });

  it("is interrupted while it waits or sends", async () => {
    const controller = new AbortController();
    host.faults.push({ method: "POST", response: { status: 503 } });
    const waiting = post(host, folder, { signal: controller.signal, sleep: async () => controller.abort() });
    await expect(waiting).rejects.toMatchObject({ code: "interrupted" });
    const sending = new AbortController();
    for (const status of [503, 502, null])
      host.faults.push({ method: "POST", response: status === null ? { fault: "silent" } : { status } });
    host.onRequest = () => {
      if (host.faults.length === 1 && host.requests.at(-1)?.startsWith("POST")) sending.abort();
    };
    await expect(post(host, folder, { signal: sending.signal })).rejects.toMatchObject({ code: "interrupted" });
    expect(getBodies()).toEqual([]);
  });
});
