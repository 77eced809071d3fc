import type { Template } from "liquidjs";
import type { Frame } from "./frame.js";
import { generateTemplates } from "./generate-tags.js";
import { Generation } from "./generation.js";
import type { TagNode } from "./parse-tree.js";
import { getChildren } from "./parse-tree.js";
import type { Runtime } from "./runtime.js";

/** Renders a template with the variables of a frame. Throws the errors of liquidjs. */
export type CompiledTemplates = (frame: Frame) => string;

type CreateRender = (
  runtime: Runtime,
  constants: readonly unknown[],
  templates: readonly Template[],
) => CompiledTemplates;

/** The names in generated code of the functions of a runtime. */
const RUNTIME_NAMES: readonly (keyof Runtime)[] = [
  "callFilter",
  "checkTime",
  "createRange",
  "equals",
  "evaluate",
  "hasOwn",
  "isAtLeast",
  "isAtMost",
  "isBlank",
  "isEmpty",
  "isGreater",
  "isLess",
  "isNil",
  "isTrue",
  "needsDefault",
  "operate",
  "print",
  "readComputed",
  "readInherited",
  "readProperty",
  "readSize",
  "renderPartial",
  "sliceItems",
  "throwOverflow",
  "toLimit",
  "toLoopItems",
  "toTemplateError",
  "toValue",
];

/** Collects the variables that templates assign. */
function collectAssignedNames(templates: readonly Template[], names: Set<string>): ReadonlySet<string> {
  for (const template of templates) {
    const { name, key, variable } = template as TagNode;
    if (name === "assign") names.add(key as string);
    else if (name === "capture") names.add(variable);
    collectAssignedNames(getChildren(template), names);
  }
  return names;
}

/** Returns the code of a function body that returns the function that renders the templates. */
function generateCode(templates: readonly Template[]): { code: string; generation: Generation } {
  const generation = new Generation(collectAssignedNames(templates, new Set()));
  generateTemplates(templates, generation, -1);
  const { readsContent, writer } = generation;
  const code = [
    '"use strict";',
    `const { ${RUNTIME_NAMES.join(", ")} } = runtime;`,
    // The parentheses make V8 compile the function at once. Otherwise it would parse it now, and again at the first call.
    "return (function (frame) {",
    "const { environment, variables, maxOutput } = frame;",
    `const earlier = ${readsContent ? "frame.earlierVariables" : "frame.findEarlierVariables()"};`,
    'let out = "", at = -1, work = 0;',
    "try {",
    ...writer.lines,
    "return out;",
    "} catch (error) { throw toTemplateError(error, templates, at); }",
    "});",
  ].join("\n");
  return { code, generation };
}

/**
 * Compiles templates to JavaScript. The code contains text of the templates only as string literals. Throws
 * {@link UnsupportedTemplateError} if liquidjs has to render the template, and `EvalError` if Node.js does not permit
 * generated code.
 */
export function compileTemplates(templates: readonly Template[], runtime: Runtime): CompiledTemplates {
  const { code, generation } = generateCode(templates);
  const create = new Function("runtime", "constants", "templates", code) as CreateRender;
  return create(runtime, generation.writer.constants, generation.templates);
}
