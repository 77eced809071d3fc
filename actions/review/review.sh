# Runs `knock review` with the inputs of the action. They arrive as environment variables, so that no input is run as code.
set -euo pipefail

[ -z "${COMMAND_PROGRAMS:-}" ] || PATH="$COMMAND_PROGRAMS:$PATH"
page="$RUNNER_TEMP/$INPUT_ARTIFACT/review.html"
echo "page=$page" >>"$GITHUB_OUTPUT"

args=(--post github --html "$page")

# Adds an option whose value cannot be taken for another option.
add_option() {
  [ -z "$2" ] || args+=("$1=$2")
}

add_option --base "$INPUT_BASE"
add_option --fail-on "$INPUT_FAIL_ON"
add_option --max-lost "$INPUT_MAX_LOST"
add_option --max-growth "$INPUT_MAX_GROWTH"
add_option --budget "$INPUT_BUDGET"
add_option --prices "$INPUT_PRICES"
add_option --environment "$INPUT_ENVIRONMENT"
while IFS= read -r line; do
  add_option --file "$line"
done <<<"$INPUT_FILE"
while IFS= read -r line; do
  [ -z "$line" ] || args+=("$line")
done <<<"$INPUT_ARGS"

knock review "${args[@]}"
