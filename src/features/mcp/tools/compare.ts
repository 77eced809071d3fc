import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { toProjectPaths } from "../host.js";
import type { Tool } from "../tool.js";
import { textField } from "./fields.js";

export const compare: Tool = {
  name: "compare",
  title: "Compare with a revision",
  description:
    "Compare the working tree with a git revision: who gains or loses a message and why, which contents change, findings and scenarios before and after. Use it before you finish a change.",
  input: () => ({ base: textField("A git revision (default: where the branch began).") }),
  documents: ["review"],
  effect: "read",
  async run({ base }, { host, runText }) {
    // The command also compares with a folder.
    const { root } = await host.findProject();
    const isFolder = base !== undefined && existsSync(resolve(root, String(base)));
    const [folder] = isFolder ? await toProjectPaths([String(base)], host) : [];
    return runText({
      words: ["review"],
      options: { base: base === undefined ? undefined : (folder ?? String(base)) },
    });
  },
};
