import { CI_VARIABLES } from "./ci-variables.js";
import { TRACE_VARIABLES } from "./trace-variables.js";

interface EnvironmentVariable {
  name: string;
  group: "Settings" | "Output" | "Network" | "Files" | "Programs" | "CI jobs" | "Traces";
  /** The setting that the variable changes. Backquotes mark code. */
  meaning: string;
  /** The behavior if the variable is not set. */
  default: string;
  /** The flag that takes precedence over the variable. */
  flag?: string;
  /** The program or package that reads the variable, if knock's own source does not. */
  readBy?: "Node.js" | "ora" | "OpenTelemetry";
}

/** Every environment variable that the program reads. An empty value counts as not set, unless the meaning says more. */
export const ENVIRONMENT_VARIABLES: readonly EnvironmentVariable[] = [
  {
    name: "KNOCK_TARGET",
    group: "Settings",
    meaning: "target: `local` (embedded engine) or `remote` (API)",
    default: "`local`",
    flag: "--target",
  },
  {
    name: "KNOCK_API_KEY",
    group: "Settings",
    meaning: "API key of the remote target; never printed, and never read from `knock.json`",
    default: "the profile's key",
    flag: "--api-key",
  },
  {
    name: "KNOCK_BASE_URL",
    group: "Settings",
    meaning: "base URL of the API, without `/v1`",
    default: "`https://api.knock.app`",
    flag: "--base-url",
  },
  {
    name: "KNOCK_SERVICE_TOKEN",
    group: "Settings",
    meaning: "service token of the account, for `plan`, `pull`, `push`, `promote` and `branches`; never printed",
    default: "the profile's token",
    flag: "--service-token",
  },
  {
    name: "KNOCK_MGMT_BASE_URL",
    group: "Settings",
    meaning: "base URL of the management API, without `/v1`",
    default: "`https://control.knock.app`",
    flag: "--management-url",
  },
  {
    name: "KNOCK_BRANCH",
    group: "Settings",
    meaning: "branch of the project or of the hosted environment",
    default: "no branch",
    flag: "--branch",
  },
  {
    name: "KNOCK_PROFILE",
    group: "Settings",
    meaning: "stored profile, as created by `knock auth login`",
    default: "the default profile",
    flag: "--profile",
  },
  {
    name: "KNOCK_STORE",
    group: "Settings",
    meaning: "local store: a file, `:memory:`, or the URL of a PostgreSQL database",
    default: "`.knock-local/store.db` next to `knock.json`",
    flag: "--store",
  },
  {
    name: "PGPASSWORD",
    group: "Settings",
    meaning: "password of the PostgreSQL database that is the store, if its URL has none",
    default: "no password",
  },
  {
    name: "KNOCK_MAX_DUE_RUNS",
    group: "Settings",
    meaning: "due runs in a PostgreSQL store above which triggers with more than 50 recipients are rejected (HTTP 429)",
    default: "`100000`",
  },
  {
    name: "KNOCK_MCP_TOKEN",
    group: "Settings",
    meaning: "token for `/mcp` of a `knock dev` that others can reach",
    default: "`/mcp` is off",
  },
  {
    name: "KNOCK_ENVIRONMENT",
    group: "Settings",
    meaning: "environment: applies `environments/<name>.json` over `environment.json`",
    default: "only `environment.json`",
    flag: "--environment",
  },
  {
    name: "KNOCK_PROFILES_DIR",
    group: "Files",
    meaning: "folder of `profiles.json`, which contains the stored profiles",
    default: "`KNOCK_CONFIG_DIR`",
  },
  {
    name: "KNOCK_CONFIG_DIR",
    group: "Files",
    meaning: "the same folder; the official command also reads this variable, for its own `config.json`",
    default: "`$XDG_CONFIG_HOME/knock`",
  },
  {
    name: "XDG_CONFIG_HOME",
    group: "Files",
    meaning: "folder that contains the folder `knock` with the stored profiles; a relative path is ignored",
    default: "`~/.config`, on Windows `%LOCALAPPDATA%`",
  },
  {
    name: "XDG_CACHE_HOME",
    group: "Files",
    meaning:
      "folder that contains the folder `knock-cli` with compiled code and TLS sessions, which make starts faster; a relative path is ignored, and so is a folder that other users can write",
    default: "`~/.cache`, on Windows `%LOCALAPPDATA%`",
  },
  {
    name: "HOME",
    group: "Files",
    meaning: "home folder of the user, for the two defaults above",
    default: "the home folder that the system reports; compiled code is not kept",
  },
  {
    name: "LOCALAPPDATA",
    group: "Files",
    meaning: "folder of the stored profiles and of compiled code on Windows",
    default: "as for `HOME`",
  },
  {
    name: "TMPDIR",
    group: "Files",
    meaning: "folder for the HTML file of `knock messages show --open`",
    default: "the temporary folder that the system reports",
  },
  {
    name: "NO_COLOR",
    group: "Output",
    meaning: "any value turns colors off",
    default: "colors on a terminal",
  },
  {
    name: "FORCE_COLOR",
    group: "Output",
    meaning:
      "any value, including an empty one, turns colors on, even in a pipe; `0` or `false` turns them off; takes precedence over `NO_COLOR`",
    default: "colors on a terminal",
  },
  {
    name: "TERM",
    group: "Output",
    meaning: "`dumb` turns colors and progress off",
    default: "colors on a terminal",
  },
  {
    name: "TZ",
    group: "Output",
    meaning: "time zone of the times that are printed on a terminal; in a pipe and in JSON, times are UTC",
    default: "the time zone of the system",
    readBy: "Node.js",
  },
  {
    name: "CI",
    group: "Output",
    meaning:
      "any value but `0` and `false` turns progress off, prints the phases of `knock review`, and keeps `knock test` from writing snapshots",
    default: "progress on a terminal, and new snapshots are written",
  },
  {
    name: "KNOCK_DEBUG",
    group: "Output",
    meaning: "`1` prints the stack trace of every error",
    default: "only internal errors have a stack trace",
  },
  {
    name: "HTTPS_PROXY",
    group: "Network",
    meaning: "URL of the proxy for the API; localhost is always reached directly",
    default: "no proxy",
  },
  {
    name: "https_proxy",
    group: "Network",
    meaning: "the same; takes precedence over `HTTPS_PROXY`",
    default: "`HTTPS_PROXY`",
  },
  {
    name: "NO_PROXY",
    group: "Network",
    meaning: "hosts that are reached without the proxy, separated by commas: names, domains (`.example.com`) or `*`",
    default: "none",
  },
  {
    name: "no_proxy",
    group: "Network",
    meaning: "the same; takes precedence over `NO_PROXY`, also if it is empty",
    default: "`NO_PROXY`",
  },
  {
    name: "KNOCK_CA_FILE",
    group: "Network",
    meaning: "file with PEM certificates to trust for the API, instead of those of Node.js",
    default: "the certificates of Node.js",
  },
  {
    name: "NODE_EXTRA_CA_CERTS",
    group: "Network",
    meaning: "file with additional certificates that are trusted, in the PEM format",
    default: "only the certificates of Node.js",
    readBy: "Node.js",
  },
  {
    name: "BROWSER",
    group: "Programs",
    meaning: "program that opens the HTML file of `knock messages show --open`",
    default: "`open` on macOS, the default browser on Windows, otherwise `xdg-open`",
  },
  {
    name: "CHROME_PATH",
    group: "Programs",
    meaning: "Chrome or Chromium in which `--emails` measures the contrast of texts",
    default: "the browser that Playwright has installed, or Chrome",
  },
  {
    name: "DISPLAY",
    group: "Programs",
    meaning: "set if there is a display, so that `xdg-open` can open a file",
    default: "see `WAYLAND_DISPLAY`",
  },
  {
    name: "WAYLAND_DISPLAY",
    group: "Programs",
    meaning: "the same, for Wayland",
    default: "see `WSL_DISTRO_NAME`",
  },
  {
    name: "WSL_DISTRO_NAME",
    group: "Programs",
    meaning: "the same, for the Windows Subsystem for Linux",
    default: "the path is printed, and nothing is opened",
  },
  {
    name: "KNOCK_LIQUID",
    group: "Programs",
    meaning:
      "`interpret` never compiles templates to JavaScript, `compile` compiles each one before its first use; the rendered text is the same",
    default: "a template that is rendered often is compiled",
  },
  {
    name: "NODE_DISABLE_COMPILE_CACHE",
    group: "Programs",
    meaning: "any value stops knock from reading and writing the cache folder",
    default: "compiled code is kept in the cache folder",
  },
  {
    name: "NODE_V8_COVERAGE",
    group: "Programs",
    meaning: "the same; Node.js writes code coverage to this folder",
    default: "compiled code is kept in the cache folder",
  },
  {
    name: "PATH",
    group: "Programs",
    meaning: "`knock doctor` says which program the name `knock` starts",
    default: "no program is found",
  },
  {
    name: "npm_lifecycle_event",
    group: "Programs",
    meaning: "`npx` sets it, so that hints contain `npx`",
    default: "hints contain the name of the command",
  },
  {
    name: "npm_lifecycle_script",
    group: "Programs",
    meaning: "the command that `npx` runs",
    default: "see `npm_lifecycle_event`",
  },
  ...CI_VARIABLES,
  ...TRACE_VARIABLES,
];
