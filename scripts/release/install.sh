#!/bin/sh
# Installs knock @VERSION@, a program that needs no Node.js, without root: curl -fsSL <address of this file> | sh
# KNOCK_INSTALL_FOLDER sets the folder (~/.local/bin), KNOCK_INSTALL_NAME the name of the command (knock),
# and KNOCK_INSTALL_ADDRESS where the files are, for a mirror.
set -eu

version="@VERSION@"
address="${KNOCK_INSTALL_ADDRESS:-@ADDRESS@}"
folder="${KNOCK_INSTALL_FOLDER:-${HOME:-}/.local/bin}"
name="${KNOCK_INSTALL_NAME:-knock}"
checksums="@CHECKSUMS@"
oldest_glibc="2.28"

fail() {
  echo "error: $1" >&2
  [ $# -lt 2 ] || echo "hint: $2" >&2
  exit 1
}

other_ways="Install it with npm (npm install --global knock-cli), or run the image."

find_platform() {
  case "$(uname -s)" in
    Linux) system=linux ;;
    Darwin) system=darwin ;;
    *) fail "there is no executable for $(uname -s)" "$other_ways" ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) processor=x64 ;;
    arm64 | aarch64) processor=arm64 ;;
    *) fail "there is no executable for processors of type $(uname -m)" "$other_ways" ;;
  esac
  echo "$system-$processor"
}

# Fails before the download, because the program itself could only print an error of the linker.
check_glibc() {
  [ "$(uname -s)" = Linux ] || return 0
  installed=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed 's/^glibc //')
  [ -n "$installed" ] || fail "this system has no glibc, which the executable needs" "$other_ways"
  oldest=$(printf '%s\n%s\n' "$oldest_glibc" "$installed" | sort -t . -k 1,1n -k 2,2n | head -n 1)
  [ "$oldest" = "$oldest_glibc" ] ||
    fail "this system has glibc $installed, and the executable needs $oldest_glibc or newer" "$other_ways"
}

download() {
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --output "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget --quiet --output-document "$2" "$1"
  else
    fail "neither curl nor wget is installed"
  fi
}

# Fails before the download, so that a missing program is not taken for a changed file.
check_programs() {
  command -v sha256sum >/dev/null 2>&1 || command -v shasum >/dev/null 2>&1 ||
    fail "neither sha256sum nor shasum is installed, so the download cannot be checked"
  for program in tar gzip; do
    command -v "$program" >/dev/null 2>&1 || fail "$program is not installed"
  done
}

compute_checksum() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# Prints the version of an earlier installation, and nothing for another program, which must stay.
read_version() {
  "$1" --version 2>/dev/null </dev/null | grep -E '^[0-9]+\.[0-9]+\.[0-9]+$' || true
}

main() {
  [ "$folder" != "/.local/bin" ] || fail "HOME is not set" "Set KNOCK_INSTALL_FOLDER to a folder on your PATH."
  platform=$(find_platform)
  check_glibc
  check_programs
  case "$folder" in
    /*) ;;
    *) folder="$PWD/$folder" ;;
  esac
  file="knock-$platform.tar.gz"
  expected=$(echo "$checksums" | grep " $file\$" | cut -d ' ' -f 1) || true
  [ -n "$expected" ] || fail "this release has no executable for $platform" "$other_ways"

  target="$folder/$name"
  earlier=""
  if [ -e "$target" ]; then
    earlier=$(read_version "$target")
    [ -n "$earlier" ] ||
      fail "$target is another program, or was cut off" "Set KNOCK_INSTALL_NAME=knock-cli to install beside it, or delete it."
  fi

  temporary=$(mktemp -d)
  new=""
  trap 'rm -rf "$temporary" ${new:+"$new"}' EXIT
  trap 'exit 130' INT TERM
  download "$address/$file" "$temporary/$file" ||
    fail "$address/$file could not be downloaded" "Check your connection and proxy, and run this again."
  actual=$(compute_checksum "$temporary/$file")
  [ "$actual" = "$expected" ] ||
    fail "$file was cut off or changed on its way: its checksum is $actual, not $expected" "Nothing was installed. Run this again."
  tar -xzf "$temporary/$file" -C "$temporary"
  mkdir -p "$folder" || fail "$folder cannot be created" "Set KNOCK_INSTALL_FOLDER to another folder."
  # The file is replaced at once, so that a command that runs meanwhile uses the old or the new one. Its name before that is new,
  # because another installation may run at the same time.
  new=$(mktemp "$target.XXXXXX") && cp "$temporary/knock" "$new" && chmod 755 "$new" && mv -f "$new" "$target" ||
    fail "$target cannot be written" "Set KNOCK_INSTALL_FOLDER to another folder."
  echo "installed $name $version in $folder${earlier:+, in place of $earlier}"
  case ":$PATH:" in
    *":$folder:"*) ;;
    *) echo "Add it to your PATH: export PATH=\"$folder:\$PATH\"" ;;
  esac
}

# The last line starts everything, so that a script that was cut off does nothing.
main
