// What the build changes in packages, for speed. Where a package no longer has what is changed here, the build fails.
import { readFileSync } from "node:fs";

/**
 * Packages whose functions few starts call, with those functions: each reads its package when called. The table of 2,000
 * named character references is needed when Markdown has one, the distance of words when one is misspelt.
 */
export const LATE = {
  entities: "decodeHTMLStrict",
  "fastest-levenshtein": "distance",
};
export const lateFunctions = {
  name: "late-functions",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${Object.keys(LATE).join("|")})$`) }, ({ path, namespace }) =>
      namespace === "late" ? { path: `../dist/vendor/${path}.cjs`, external: true } : { path, namespace: "late" },
    );
    onLoad({ filter: /.*/, namespace: "late" }, ({ path }) => ({
      contents: `export const ${LATE[path]} = (...values) => require("${path}").${LATE[path]}(...values);`,
    }));
  },
};

/** What `pattern` finds in a package's file, replaced: where it finds nothing, the package has changed and the build fails. */
function replaced(source, pattern, replacement) {
  const text = source.replace(pattern, replacement);
  if (text === source) throw new Error(`the package has changed: nothing matches ${pattern}`);
  return text;
}

/**
 * markdown-it was compiled so that each field of an object is defined by descriptor, which takes a twentieth of all the time
 * of a bulk trigger; no field of its has a setter, so assigning does the same.
 */
export const plainFields = {
  name: "plain-fields",
  setup({ onLoad }) {
    onLoad({ filter: /markdown-it\.mjs$/ }, ({ path }) => ({
      contents: replaced(
        readFileSync(path, "utf8"),
        /function _defineProperty\(e, r, t\) \{[\s\S]*?\n\}/,
        "function _defineProperty(e, r, t) { e[r] = t; return e; }",
      ),
    }));
  },
};

/**
 * Expressions with Unicode properties cost a quarter of a millisecond each where they are made. liquidjs makes those of
 * `slugify` at import, here each is made when used.
 */
export const lateExpressions = {
  name: "late-expressions",
  setup({ onLoad }) {
    onLoad({ filter: /liquid\.browser\.mjs$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const [, expression] = /const rSlugifyDefault = (\/.+\/\w+);/.exec(source) ?? [];
      const some = replaced(source, /'(default|latin)': rSlugifyDefault/g, `get '$1'() { return ${expression} }`);
      const more = replaced(some, /const rSlugifyDefault = .+;/, "");
      return { contents: replaced(more, /'pretty': (\/.+\/\w+)/, "get 'pretty'() { return $1 }") };
    });
  },
};

/** commander loads child_process for subcommands that are programs of their own, of which there are none. */
export const noChildProcess = {
  name: "no-child-process",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes("/commander/") ? { path: "none", namespace: "none" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = {};" }));
  },
};
