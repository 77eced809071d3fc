// Modules that the bundles replace, so that a start loads less code. The source of packages is never changed.
import { readFileSync } from "node:fs";
import { basename } from "node:path";

/**
 * Packages with functions that few starts call. Each package is read when one of the functions is called. The table of
 * 2,000 named character references is needed only if Markdown contains one, and the distance of words only if a word is
 * misspelled. juice decodes references with the same file.
 */
const LATE = {
  entities: ["decode", "decodeHTML", "decodeHTMLStrict"],
  "fastest-levenshtein": ["distance"],
};
/** The packages that are each bundled separately, with the functions that they export. */
export const LATE_PACKAGES = LATE;

const late = (name, packages) => ({
  name,
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${Object.keys(packages).join("|")})$`) }, ({ path, namespace }) =>
      namespace === name ? { path: `../dist/vendor/${path}.cjs`, external: true } : { path, namespace: name },
    );
    onLoad({ filter: /.*/, namespace: name }, ({ path }) => ({
      contents: packages[path]
        .map((word) => `export const ${word} = (...values) => require("${path}").${word}(...values);`)
        .join("\n"),
    }));
  },
});
/** The same for packages that the build lists in APART. Only expectations about HTML use cheerio, and only differences use diff. */
const LATE_APART = { cheerio: ["load"], diff: ["diffLines"] };

export const lateFunctions = late("late-functions", { ...LATE, ...LATE_APART });

/**
 * Packages with a class as their default export whose objects few starts use. An object is created when one of its
 * methods is first used. markdown-it creates a linkify-it even if it does not look for links, which compiles 0.4 MB of
 * expressions.
 */
export const LATE_CLASSES = ["linkify-it"];

export const lateClasses = {
  name: "late-classes",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${LATE_CLASSES.join("|")})$`) }, ({ path, namespace }) =>
      namespace === "late-classes"
        ? { path: `../dist/vendor/${path}.cjs`, external: true }
        : { path, namespace: "late-classes" },
    );
    onLoad({ filter: /.*/, namespace: "late-classes" }, ({ path }) => ({
      contents: `export default class {
        constructor(...values) {
          let object;
          const get = (_, name) => {
            object ??= new (require("${path}"))(...values);
            return typeof object[name] === "function" ? object[name].bind(object) : object[name];
          };
          return new Proxy({}, { get });
        }
      }`,
    }));
  },
};

/**
 * Modules of this project with packages that hardly any start needs, with the functions that they export. Each is
 * bundled separately.
 */
export const LATE_OWN_FUNCTIONS = { "domain/data-schema/compile-linear-pattern": ["compileLinearPattern"] };

/**
 * Loads those modules at the first call of a function, because the callers are synchronous and cannot wait for an
 * import.
 */
export const lateOwnFunctions = {
  name: "late-own-functions",
  setup({ onResolve, onLoad }) {
    for (const [module, words] of Object.entries(LATE_OWN_FUNCTIONS)) {
      const file = `${basename(module)}.cjs`;
      onResolve({ filter: new RegExp(`/${basename(module)}\\.js$`), namespace: "file" }, () => ({
        path: file,
        namespace: "late-own-functions",
      }));
      onResolve({ filter: new RegExp(`^${file.replace(".", "\\.")}$`), namespace: "late-own-functions" }, () => ({
        path: `../dist/${file}`,
        external: true,
      }));
      onLoad({ filter: new RegExp(`^${file.replace(".", "\\.")}$`), namespace: "late-own-functions" }, () => ({
        contents: words
          .map((word) => `export const ${word} = (...values) => require("${file}").${word}(...values);`)
          .join("\n"),
      }));
    }
  },
};

/**
 * Replaces child_process for commander, which loads it for subcommands that are separate programs. This tool has no
 * such subcommands.
 */
export const noChildProcess = {
  name: "no-child-process",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes("/commander/") ? { path: "none", namespace: "none" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = {};" }));
  },
};

/**
 * Omits the JSON Schema validator of the MCP library, a third of its code. It only checks forms that a server asks users to
 * fill in, which this server does not.
 */
export const mcpWithoutValidator = {
  name: "mcp-without-validator",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@modelcontextprotocol\/server\/_shims$/ }, () => ({
      path: "none",
      namespace: "mcp-without-validator",
    }));
    onLoad({ filter: /.*/, namespace: "mcp-without-validator" }, () => ({
      contents: 'export { default as process } from "node:process"; export class DefaultJsonSchemaValidator {}',
    }));
  },
};

/**
 * Omits the tables of JSON documents and file formats. They are read from the source, for the published schemas and the
 * documentation.
 */
export const noPublishedSchemas = {
  name: "no-published-schemas",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/(?:documents|file-schemas)\.js$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "none", namespace: "no-published-schemas" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "no-published-schemas" }, () => ({ contents: "export {};" }));
  },
};

/** The languages of quicktype-core that `knock types` generates. The others would double the size of its bundle. */
const QUICKTYPE_LANGUAGES = ["Python", "Golang", "Ruby"];

/** Limits quicktype-core to the languages that are used, and to schemas in JSON. It would try to parse other texts as YAML. */
export const quicktypeLanguages = {
  name: "quicktype-languages",
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /[\\/]quicktype-core[\\/]dist[\\/]esm[\\/]language[\\/]All\.js$/ }, () => ({
      contents: [
        ...QUICKTYPE_LANGUAGES.map(
          (name) => `import { ${name === "Golang" ? "Go" : name}TargetLanguage } from "./${name}/index.js";`,
        ),
        "export const all = [new PythonTargetLanguage(), new GoTargetLanguage(), new RubyTargetLanguage()];",
        "export const languageNamed = (name) => all.find(({ names }) => names.includes(name));",
        "export const isLanguageName = (name) => languageNamed(name) !== undefined;",
      ].join("\n"),
    }));
    onResolve({ filter: /^yaml$/ }, ({ path }) => ({ path, namespace: "json-as-yaml" }));
    onLoad({ filter: /.*/, namespace: "json-as-yaml" }, () => ({ contents: "export const { parse } = JSON;" }));
  },
};

/** Omits the JSON Schema validator of conf, because this project passes no schema to it. */
export const confWithoutSchemas = {
  name: "conf-without-schemas",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^ajv(?:-formats|\/dist\/2020\.js)$/ }, ({ path }) => ({ path, namespace: "no-schemas" }));
    onLoad({ filter: /./, namespace: "no-schemas" }, () => ({
      contents: "export class Ajv2020 {}\nexport default {};",
    }));
  },
};

/**
 * Omits what the store does not use of its packages: the search for a configuration, which would load a parser and TypeScript's
 * compiler, crontab files and local queues of graphile-worker, COPY in other directions, and the client on a native library,
 * which takes the place of the other one if NODE_PG_FORCE_NATIVE is set.
 */
export const databaseOnly = {
  name: "database-only",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^(?:cosmiconfig|json5)$/ }, ({ path }) => ({ path, namespace: "no-worker-files" }));
    onLoad({ filter: /./, namespace: "no-worker-files" }, () => ({
      contents: "export const cosmiconfigSync = () => ({ search: () => null });",
    }));
    onLoad(
      {
        filter:
          /[\\/](?:graphile-worker[\\/]dist[\\/](?:localQueue|cron|crontab)|pg-copy-streams[\\/]copy-(?:to|both))\.js$/,
      },
      () => ({ contents: "module.exports = {};" }),
    );
    onLoad({ filter: /[\\/]pg[\\/]lib[\\/]native[\\/]index\.js$/ }, () => ({
      contents: 'module.exports = require("../client");',
    }));
  },
};

/**
 * Omits what the log and the metrics of workers do not use: pino's threads for writing to other places, and the traces that
 * prom-client can add to a metric.
 */
export const logAndMetricsOnly = {
  name: "log-and-metrics-only",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^(?:thread-stream|@opentelemetry\/api)$/ }, ({ path }) => ({
      path,
      namespace: "unused-parts",
    }));
    onLoad({ filter: /./, namespace: "unused-parts" }, () => ({
      contents: "exports.trace = { getSpan() {}, getActiveSpan() {} }; exports.context = { active() {} };",
    }));
  },
};

/** Omits the questions of tabtab, which it asks when it installs a completion itself. Only the scripts are used. */
export const completionWithoutPrompts = {
  name: "completion-without-prompts",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]tabtab[\\/]lib[\\/]prompt\.js$/ }, () => ({ contents: "module.exports = {};" }));
  },
};

/** Omits undici's mocks, which are for tests. */
export const undiciWithoutMocks = {
  name: "undici-without-mocks",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]undici[\\/]lib[\\/]mock[\\/]/ }, () => ({ contents: "module.exports = {};" }));
  },
};

/** Limits the 90 spinners of ora to its default and the one for terminals without Unicode. */
export const defaultSpinners = {
  name: "default-spinners",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]cli-spinners[\\/]spinners\.json$/ }, ({ path }) => {
      const { dots, line } = JSON.parse(readFileSync(path, "utf8"));
      return { contents: JSON.stringify({ dots, line }), loader: "json" };
    });
  },
};

/** The WebAssembly of mrml in dist/vendor: a quarter of its size, and decompressed in milliseconds when MJML is used. */
export const COMPRESSED_WASM = "mrml_wasm_bg.wasm.br";

/** Makes mrml read its compressed WebAssembly. Throws if mrml no longer reads the file in the expected way. */
export const compressedWasm = {
  name: "compressed-wasm",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]mrml[\\/]nodejs[\\/]mrml_wasm\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const contents = source
        .replace("/mrml_wasm_bg.wasm`", `/${COMPRESSED_WASM}\``)
        .replace("require('fs').readFileSync(wasmPath)", "require('zlib').brotliDecompressSync($&)");
      if (!contents.includes(COMPRESSED_WASM) || !contents.includes("brotliDecompressSync(require"))
        throw new Error(`${path} reads its WebAssembly in a new way: change compressedWasm`);
      return { contents };
    });
  },
};
