import type { Engine } from "mrml";
import { once } from "../../../util/once.js";
import { RenderError } from "../../liquid/liquid-errors.js";
import { inlineCss } from "./inline-css.js";
import { prepareMjml } from "./prepare-mjml.js";

interface WasmExports {
  memory: { grow(pages: number): number };
  __wbindgen_start(): void;
}

type InstanceClass = new (module: unknown, imports?: object) => { exports: WasmExports };

/** The module from which the WebAssembly of mrml imports its functions. Others load WebAssembly at the same time. */
const MRML_IMPORTS = "./mrml_wasm_bg.js";

/**
 * Loads mrml. `restart` creates its WebAssembly instance again. After the time limit or an overflow of its stack has ended a
 * call, the memory of an instance is in an undefined state. mrml keeps its only instance, so it gets an object whose
 * functions can be replaced.
 */
const loadMrml = once(async () => {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { Instance: InstanceClass } };
  const { Instance } = WebAssembly;
  let restart: (() => void) | undefined;
  WebAssembly.Instance = new Proxy(Instance, {
    construct(_target, [module, imports = {}]: [unknown, object?]) {
      const instance = new Instance(module, imports);
      if (!Object.hasOwn(imports, MRML_IMPORTS)) return instance;
      const exports = { ...instance.exports };
      restart = () => {
        exports.memory.grow(0); // detaches the views of the old memory that mrml keeps
        Object.assign(exports, new Instance(module, imports).exports);
        exports.__wbindgen_start();
      };
      return { exports };
    },
  });
  try {
    const { Engine } = await import("mrml");
    if (restart === undefined) throw new Error("mrml creates its WebAssembly instance in a new way");
    return { Engine, restart };
  } finally {
    WebAssembly.Instance = Instance;
  }
});

/**
 * Converts MJML to HTML. `css` is inlined together with the document's own inline styles. MJML's resets stay in the head,
 * because the MJML compiler already inlines the important ones. Throws {@link RenderError} with the line (T-128).
 */
type MjmlToHtml = (source: string, css: string) => string;

let engine: Engine | undefined;
/** Whether a call has not returned. Between two calls, this means that the last one was ended. */
let isConverting = false;

/** Discards the engine and the memory of a call that was ended. */
function recover(restart: () => void): void {
  try {
    engine?.free(); // otherwise the garbage collector would free it in the new memory
  } catch {
    // The old memory is in an undefined state.
  }
  engine = undefined;
  restart();
}

function convert(mjml: string, { Engine: MrmlEngine, restart }: Awaited<ReturnType<typeof loadMrml>>) {
  if (isConverting) recover(restart);
  engine ??= new MrmlEngine();
  isConverting = true;
  try {
    const result = engine.toHtml(mjml);
    isConverting = false;
    return result;
  } catch (error) {
    throw new RenderError("MJML: its elements are nested too deep", { cause: error });
  }
}

/** Loads the MJML compiler. */
export async function loadMjmlToHtml(): Promise<MjmlToHtml> {
  const mrml = await loadMrml();
  return (source, css) => {
    const { mjml, restore, inlineStyles } = prepareMjml(source);
    const result = convert(mjml, mrml);
    if (result.type === "error") {
      const errorText =
        "details" in result && "source" in result.details
          ? `${result.message}: ${result.details.source}`
          : result.message;
      throw new RenderError(`MJML: ${errorText}`);
    }
    const html = restore(result.content);
    const rules = `${css}\n${inlineStyles}`.trim();
    return rules === "" ? html : inlineCss(html, rules);
  };
}
