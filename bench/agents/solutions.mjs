// Reference solutions of the tasks, and wrong ones that the checks must reject. They show that the tasks can be solved.

import { changeSolutions } from "./solutions/change-solutions.mjs";
import { questionSolutions } from "./solutions/question-solutions.mjs";
import { repairSolutions } from "./solutions/repair-solutions.mjs";
import { scenarioSolutions } from "./solutions/scenario-solutions.mjs";

export const solutions = { ...scenarioSolutions, ...repairSolutions, ...changeSolutions, ...questionSolutions };
