# Progress lines for the scripts in this folder: what is being done and how long it has taken so far. Sourced, not run.
say() { printf '\n[%3ds] %s\n' "$SECONDS" "$*"; }

# Ends the script with a message for the person who ran it.
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
