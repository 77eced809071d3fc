// The tasks of the evaluation, each { id, title, prompt, setup(folder), check(folder) }. `check` throws an Error with the reason.
import { changeTasks } from "./tasks/change-tasks.mjs";
import { questionTasks } from "./tasks/question-tasks.mjs";
import { repairTasks } from "./tasks/repair-tasks.mjs";
import { scenarioTasks } from "./tasks/scenario-tasks.mjs";

export const tasks = [...scenarioTasks, ...repairTasks, ...changeTasks, ...questionTasks];
