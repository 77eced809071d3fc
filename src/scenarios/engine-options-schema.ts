import * as z from "zod/mini";
import { anyValue, text } from "../domain/schema/fields.js";
import { once } from "../util/once.js";
import { givenSchema } from "./scenario-schema.js";

/** The schema of the options of `createTestEngine`: the state of a scenario, the project and the seed. */
export const engineOptionsSchema = once(() =>
  z.extend(givenSchema(), {
    project: text("The folder with knock.json, or the file."),
    knockDir: text("The folder with the workflows."),
    seed: text("The seed of IDs and random numbers."),
    onWarning: z.optional(anyValue()),
  }),
);
