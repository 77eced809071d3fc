# Writes to the outputs of the step: the version, the folder for the command, the folder of its program, and the key of the cache.
# An input is checked here, because it becomes part of paths and addresses.
set -euo pipefail

fail() {
  echo "::error::$1" >&2
  exit 1
}

version="${INPUT_VERSION#v}"
if [ -z "$version" ]; then
  manifest="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/package.json"
  version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$manifest")
fi
[[ "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "version: expected a version such as 1.2.3, found '$version'"

folder="${RUNNER_TOOL_CACHE:-$RUNNER_TEMP}/knock/$INPUT_SOURCE-$version"
case "$INPUT_SOURCE" in
  npm) programs="$folder/node_modules/.bin" ;;
  executable)
    [ "$RUNNER_OS" != Windows ] || fail "source: there is no install script for Windows. Use 'source: npm'."
    programs="$folder"
    ;;
  *) fail "source: expected npm or executable, found '$INPUT_SOURCE'" ;;
esac

{
  echo "version=$version"
  echo "folder=$folder"
  echo "programs=$programs"
  echo "key=knock-$RUNNER_OS-$RUNNER_ARCH-$INPUT_SOURCE-$version"
} >>"$GITHUB_OUTPUT"
