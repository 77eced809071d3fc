/** Matches the description of a field: a sentence. Texts of errors have neither a capital letter nor a period. */
const SENTENCE = /^[A-Z`"].*\.$/s;

/**
 * A plugin of Stryker that leaves out descriptions in schemas. They are texts for editors and for the documentation, and
 * `check:schemas` and `check:docs` compare each of them.
 */
export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "descriptions",
    value: {
      shouldIgnore: ({ node }) =>
        (node.type === "StringLiteral" && SENTENCE.test(node.value)) ||
        (node.type === "TemplateLiteral" && /\.$/.test(node.quasis.at(-1).value.raw))
          ? "is a description"
          : undefined,
    },
  },
];
