import { describeClientCases } from "../../../helpers/client-case.js";
import { OFFICIAL_SDK_CASES } from "./official-sdk-cases.js";
import { SDK_METHOD_CASES } from "./sdk-method-cases.js";

describeClientCases("the official SDK with the emulator", OFFICIAL_SDK_CASES);
describeClientCases("every method of the official SDK", SDK_METHOD_CASES);
