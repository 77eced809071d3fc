import Knock from "@knocklabs/client";
import { build, type Plugin } from "esbuild";
import { expect, it } from "vitest";
import type { JsonObject } from "../../../../../src/util/json.js";
import "../../../../helpers/browser-client.js";
import { readBlocks, readPage } from "../../../../helpers/documentation-page.js";
import { eventually } from "../../../../helpers/eventually.js";
import { openProjectApi } from "../../../../helpers/project-emulator.js";

const PAGE = "docs/guide/react-feed.md";

const COMPONENTS = ["KnockFeedProvider", "KnockProvider", "NotificationFeedPopover", "NotificationIconButton"];

/** Modules that stand for React and the official components, which are not installed. Elements are objects. */
const STUBS: Readonly<Record<string, string>> = {
  react: "export const useState = (value) => [value, () => {}]; export const useRef = (current) => ({ current });",
  "react/jsx-runtime":
    "export const Fragment = ({ children }) => children; export const jsx = (type, props) => ({ type, props }); export const jsxs = jsx;",
  "@knocklabs/react": COMPONENTS.map((name) => `export const ${name} = "${name}";`).join(""),
  "@knocklabs/react/dist/index.css": "",
};

const stubs: Plugin = {
  name: "stubs",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^.]/ }, ({ path, kind }) => (kind === "entry-point" ? null : { path, namespace: "stub" }));
    onLoad({ filter: /.*/, namespace: "stub" }, ({ path }) => {
      const contents = STUBS[path];
      return contents === undefined ? { errors: [{ text: `${PAGE} imports ${path}` }] } : { contents, loader: "js" };
    });
  },
};

interface Element {
  type: string | ((props: object) => unknown);
  props: JsonObject & { children?: unknown };
}

/** Calls the components of an element, and returns the properties of the official ones by name. */
function collectProps(node: unknown, props = new Map<string, JsonObject>()): Map<string, JsonObject> {
  if (Array.isArray(node)) for (const child of node) collectProps(child, props);
  else if (typeof node === "object" && node !== null) {
    const { type, props: own } = node as Element;
    if (typeof type === "string") props.set(type, own);
    collectProps(typeof type === "function" ? type(own) : own.children, props);
  }
  return props;
}

/** Returns the block of code that a file's name introduces. */
function readCode(file: string): string {
  const [, after = ""] = readPage(PAGE).split(`\`${file}\`:\n\n`);
  return /^```\w+\n([\s\S]*?)^```$/m.exec(after)?.[1] ?? "";
}

it("the component of the guide about React shows what knock dev serves", async () => {
  const merged = readBlocks(PAGE).find(({ kind }) => kind === "merge")?.text ?? "";
  const step = { ref: "in_app_feed_1", type: "channel", channel_key: "in-app-feed" };
  const api = await openProjectApi({
    "knock/environment.json": merged,
    "knock/workflows/hello/workflow.json": { steps: [{ ...step, template: { markdown_body: "Hi" } }] },
  });
  try {
    const env = Object.fromEntries(
      readCode(".env.development")
        .trim()
        .split("\n")
        .map((line) => line.split("=") as [string, string]),
    );
    expect(env.VITE_KNOCK_HOST).toBe("http://127.0.0.1:8484");
    const { outputFiles } = await build({
      stdin: { contents: readCode("src/Bell.jsx"), loader: "jsx" },
      bundle: true,
      format: "esm",
      jsx: "automatic",
      define: { "import.meta.env": JSON.stringify({ ...env, VITE_KNOCK_HOST: api.url }) },
      plugins: [stubs],
      write: false,
    });
    const code = outputFiles[0]?.text ?? "";
    const { Bell } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
      Bell: (props: object) => unknown;
    };
    const props = collectProps(Bell({ userId: "ada" }));
    expect([...props.keys()].sort()).toEqual(COMPONENTS);
    expect(props.get("NotificationFeedPopover")).toMatchObject({ isVisible: false, buttonRef: { current: null } });
    const { apiKey, host, user } = props.get("KnockProvider") as { apiKey: string; host: string; user: { id: string } };
    const knock = new Knock(apiKey, { host });
    knock.authenticate(user, undefined, { identificationStrategy: "skip" });
    const feed = knock.feeds.initialize(String(props.get("KnockFeedProvider")?.feedId));
    try {
      feed.listenForUpdates();
      await feed.fetch();
      expect(feed.getState().items).toEqual([]);
      await api.trigger("hello", "ada");
      await eventually(() => feed.getState().metadata.unread_count === 1);
    } finally {
      feed.dispose();
      knock.teardown();
    }
  } finally {
    await api.close();
  }
});
