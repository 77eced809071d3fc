# Installs the command into $COMMAND_FOLDER. The install script of the release verifies the checksum of the executable.
set -euo pipefail

mkdir -p "$COMMAND_FOLDER"
if [ "$INPUT_SOURCE" = npm ]; then
  npm install --prefix "$COMMAND_FOLDER" --no-audit --no-fund --no-save "knock-cli@$INPUT_VERSION"
else
  address="$GITHUB_SERVER_URL/$ACTION_REPOSITORY/releases/download/v$INPUT_VERSION/install.sh"
  script="$RUNNER_TEMP/install-knock.sh"
  curl --fail --silent --show-error --location --output "$script" "$address"
  KNOCK_INSTALL_FOLDER="$COMMAND_FOLDER" sh "$script"
fi
