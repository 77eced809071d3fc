import { describeApiCases } from "../../../../helpers/api-case.js";
import { PUBLIC_API_CASES } from "./public-api-cases.js";

for (const [name, cases] of Object.entries(PUBLIC_API_CASES)) describeApiCases(name, cases);
