import { existsSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { KnockError, messageOf } from "../errors/knock-error.js";
import { findUpwards } from "../project/find-project.js";
import { shownPath } from "../project/shown-path.js";

const FILES: Record<string, unknown> = {
  "knock.json": { knockDir: "./knock" },
  "knock/workflows/hello/workflow.json": {
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
  "knock/workflows/hello/in_app_feed_1/markdown_body.md":
    "**Hello, {{ recipient.name }}!** {{ data.from | default: 'Your first workflow' }} says hi.\n",
  "knock/workflows/hello/email_1/html_body.html":
    "<p>Hello, {{ recipient.name | escape }}!</p>\n<p>{{ data.from | default: 'Your first workflow' | escape }} says hi.</p>\n",
  "knock/environment.json": {
    name: "development",
    channels: {
      "in-app-feed": { type: "in_app_feed" },
      email: { type: "email", settings: { from_address: "hello@example.com" } },
    },
    variables: { app_url: "https://app.example.com" },
  },
  "knock/recipients/users.json": {
    users: [
      { id: "ada", name: "Ada", email: "ada@example.com", timezone: "Europe/London" },
      { id: "grace", name: "Grace", email: "grace@example.com", timezone: "America/New_York" },
    ],
  },
};

/**
 * Writes the first project: its files, and the project that they stand within, if any. Throws `conflict` where a file exists
 * already: nothing is overwritten, and nothing written.
 */
export async function initProject(folder: string, cwd: string): Promise<{ files: string[]; within: string | null }> {
  const root = resolve(cwd, folder);
  if (existsSync(root) && !statSync(root).isDirectory())
    throw new KnockError("project_invalid", `the project could not be written: ${folder} is a file, not a folder`, {
      hint: "Name a folder; one that does not exist is made.",
    });
  const above = findUpwards(dirname(root));
  const taken = Object.keys(FILES).find((name) => existsSync(join(root, name)));
  if (taken !== undefined) {
    throw new KnockError("conflict", `${relative(cwd, join(root, taken)) || taken} exists already`, {
      hint: "Nothing was written. Choose another folder, or remove the file.",
    });
  }
  try {
    for (const [name, content] of Object.entries(FILES)) {
      const file = join(root, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`, {
        flag: "wx",
      });
    }
  } catch (error) {
    throw new KnockError("project_invalid", `the project could not be written: ${messageOf(error)}`, { cause: error });
  }
  return {
    files: Object.keys(FILES).map((name) => relative(cwd, join(root, name))),
    within: above === null ? null : shownPath(cwd, above),
  };
}
