import type { Template } from "liquidjs";
import type { Frame } from "./frame.js";
import { generateValue } from "./generate-expressions.js";
import { generateTemplates } from "./generate-tags.js";
import { Generation } from "./generation.js";
import { getChildren, isTag, type ValueNode } from "./parse-tree.js";
import type { Runtime } from "./runtime.js";

/** Renders a template, or evaluates an expression, with the variables of a frame. Throws the errors of liquidjs. */
export type Compiled<T> = (frame: Frame) => T;

type CreateCompiled<T> = (
  runtime: Runtime,
  constants: readonly unknown[],
  templates: readonly Template[],
) => Compiled<T>;

/** The names in generated code of the functions of a runtime. */
const RUNTIME_NAMES: readonly (keyof Runtime)[] = [
  "callFilter",
  "chargeResult",
  "checkTime",
  "createRange",
  "equals",
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
  "readContent",
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
    if (isTag(template)) {
      const { name, key, variable } = template;
      if (name === "assign" && key !== null) names.add(key);
      else if (name === "capture") names.add(variable);
    }
    collectAssignedNames(getChildren(template), names);
  }
  return names;
}

/** Creates the function from the code that was generated for its body. `result` is the expression of the value to return. */
function createFunction<T>(generation: Generation, result: string, runtime: Runtime): Compiled<T> {
  const { assignedNames, rendersOtherTexts, writer, templates } = generation;
  const usesVariables = assignedNames.size > 0 || rendersOtherTexts;
  const code = [
    '"use strict";',
    `const { ${RUNTIME_NAMES.join(", ")} } = runtime;`,
    // The parentheses make V8 compile the function at once. Otherwise it would parse it now, and again at the first call.
    "return (function (frame) {",
    "const { environment, maxOutput } = frame;",
    // Other texts can assign variables that this one reads.
    `const earlier = ${rendersOtherTexts ? "frame.variables" : "frame.findEarlierVariables()"};`,
    usesVariables ? "const { variables } = frame;" : "",
    'let out = "", at = -1, work = 0;',
    "try {",
    ...writer.lines,
    `return ${result};`,
    "} catch (error) { throw toTemplateError(error, templates, at); }",
    "});",
  ].join("\n");
  const create = new Function("runtime", "constants", "templates", code) as CreateCompiled<T>;
  return create(runtime, writer.constants, templates);
}

/**
 * Compiles templates to JavaScript. The code contains text of the templates only as string literals. Throws
 * {@link UnsupportedTemplateError} if liquidjs has to render the template, and `EvalError` if Node.js does not permit
 * generated code.
 */
export function compileTemplates(templates: readonly Template[], runtime: Runtime): Compiled<string> {
  const generation = new Generation(collectAssignedNames(templates, new Set()));
  generateTemplates(templates, generation, -1);
  return createFunction(generation, "out", runtime);
}

/** Compiles an expression with filters. Throws like {@link compileTemplates}. */
export function compileValue(value: ValueNode, runtime: Runtime): Compiled<unknown> {
  const generation = new Generation(new Set());
  return createFunction(generation, generateValue(value, generation), runtime);
}
