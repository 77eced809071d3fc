import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { ReviewReport } from "../../../src/features/review/review-report-schema.js";
import { runInProcess } from "../../helpers/run-in-process.js";
import type { ProcessResult } from "../../helpers/run-knock.js";
import { TemporaryProject } from "../../helpers/temporary-project.js";

/** The parts of a workflow that tests change. */
interface WorkflowFile {
  name: string;
  steps: { ref: string; settings: Record<string, unknown>; template: Record<string, unknown>; conditions?: unknown }[];
}

const channel = (ref: string, type: string, key: string, template: unknown, rest: object = {}) => ({
  ref,
  type: "channel",
  channel_type: type,
  channel_key: key,
  template,
  ...rest,
});

const FILES = {
  "knock.json": { knockDir: "./knock" },
  "knock/environment.json": {
    name: "development",
    locale: "en",
    channels: {
      email: { type: "email", settings: { from_address: "shop@example.com" } },
      sms: { type: "sms" },
      "in-app-feed": { type: "in_app_feed" },
    },
    variables: { app_url: "https://shop.example.com" },
  },
  "knock/recipients/users.json": {
    users: [
      { id: "ada", name: "Ada Lovelace", email: "ada@example.com", phone_number: "+15550100001", plan: "pro" },
      { id: "ben", name: "Ben Okri", email: "ben@example.com", plan: "free" },
    ],
  },
  "knock/partials/footer/partial.json": { name: "Footer", type: "html", "content@": "content.html" },
  "knock/partials/footer/content.html": "<p>The shop, 1 Market Street</p>\n",
  "knock/translations/en/en.json": { paid: "Thank you", refund: "We sent your money back" },
  "knock/translations/de/de.json": { paid: "Danke", refund: "Wir haben dein Geld zurückgeschickt" },
  "knock/workflows/order-shipped/workflow.json": {
    name: "Order shipped",
    categories: ["orders"],
    steps: [
      { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } },
      channel("email_1", "email", "email", {
        subject: "Order {{ data.order }} is on its way",
        "html_body@": "email_1/html_body.html",
      }),
      channel(
        "sms_1",
        "sms",
        "sms",
        { text_body: "Order {{ data.order }} is on its way" },
        {
          conditions: { all: [{ variable: "recipient.phone_number", operator: "not_empty", argument: null }] },
        },
      ),
    ],
  },
  "knock/workflows/order-shipped/email_1/html_body.html":
    "<p>Hello {{ recipient.name }},</p>\n<p>your order left our warehouse.</p>\n{% render 'footer' %}\n",
  "knock/workflows/order-shipped/order-shipped.test.yaml": `workflow: order-shipped
scenarios:
  tells both customers after an hour:
    steps:
      - notify: { recipients: [ada, ben], data: { order: A-17 } }
      - advance: 1h
        expect:
          messages:
            - { to: ada, channel: email }
            - { to: ada, channel: sms }
            - { to: ben, channel: email }
`,
  "knock/workflows/payment/workflow.json": {
    name: "Payment",
    categories: ["billing"],
    steps: [
      channel("feed_1", "in_app_feed", "in-app-feed", { markdown_body: "{{ 'paid' | t }}, {{ recipient.name }}" }),
    ],
  },
  "knock/workflows/payment/payment.test.yaml": `workflow: payment
scenarios:
  thanks in the app:
    steps:
      - notify: { recipients: [ada] }
        expect:
          messages:
            - { to: ada, channel: in-app-feed }
`,
};

/** The files of the repository before the branch changes any, which Git creates once per worker process. */
let gitFiles: Record<string, Buffer> | undefined;

/** A repository with a shop, whose branch changes files. */
export class PullRequestProject extends TemporaryProject {
  constructor() {
    super(FILES);
    gitFiles ??= this.createRepository();
    this.write(gitFiles);
  }

  /** Returns the files that Git creates. They are removed. */
  private createRepository(): Record<string, Buffer> {
    this.git("init", "-q", "-b", "main", "--template=");
    this.commit("Add the shop");
    this.git("checkout", "-q", "-b", "change");
    const files = readdirSync(this.path(".git"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const contents = Object.fromEntries(files.map((file) => [relative(this.root, file), readFileSync(file)]));
    this.delete(".git");
    return contents;
  }

  git(...args: string[]): string {
    const identity = ["-c", "user.name=Dev", "-c", "user.email=dev@example.com"];
    const env = { ...process.env, GIT_AUTHOR_DATE: "2026-01-05T09:00:00Z", GIT_COMMITTER_DATE: "2026-01-05T09:00:00Z" };
    return execFileSync("git", ["-C", this.root, ...identity, ...args], { stdio: "pipe", env }).toString("utf8");
  }

  commit(message: string): void {
    this.git("add", "-A");
    this.git("commit", "-qm", message);
  }

  /** Changes a JSON file. */
  change<T = WorkflowFile>(path: string, change: (content: T) => void): void {
    const content = JSON.parse(readFileSync(this.path(path), "utf8")) as T;
    change(content);
    writeFileSync(this.path(path), JSON.stringify(content));
  }

  changeStep(path: string, index: number, change: (step: WorkflowFile["steps"][number]) => void): void {
    this.change(path, ({ steps }) => change(steps[index] as WorkflowFile["steps"][number]));
  }

  replace(path: string, from: string, to: string): void {
    writeFileSync(this.path(path), readFileSync(this.path(path), "utf8").replaceAll(from, to));
  }

  move(from: string, to: string): void {
    mkdirSync(dirname(this.path(to)), { recursive: true });
    renameSync(this.path(from), this.path(to));
  }

  delete(path: string): void {
    rmSync(join(this.root, path), { recursive: true });
  }

  review(args: string[] = [], env: Record<string, string> = {}): Promise<ProcessResult> {
    const { PATH = "" } = process.env;
    return runInProcess({ args: ["review", ...args], cwd: this.root, env: { PATH, KNOCK_NO_CACHE: "1", ...env } });
  }

  async reviewJson(args: string[] = []): Promise<ReviewReport> {
    const { stdout, stderr } = await this.review(["--json", ...args]);
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as ReviewReport;
  }
}
