#!/usr/bin/env bash
# The public face of every package, as `go doc -all` prints it, is kept in .ci/api/<package>.txt: a change of it shows up in
# review as a diff of its own, and an accidental one fails the check.
# usage: .ci/api.sh check|update
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[[ ${1-} == check || ${1-} == update ]] || { echo "usage: .ci/api.sh check|update" >&2 && exit 2; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

module=$(go list -m)
mkdir "$tmp/api"
# Not the commands, not what nobody outside can import, not directories that hold tests alone (go doc refuses those).
go list -f '{{if and .GoFiles (ne .Name "main")}}{{.ImportPath}}{{end}}' ./... >"$tmp/packages"
while read -r pkg; do
	[[ $pkg/ == */internal/* ]] && continue
	rel=${pkg#"$module"/}
	go doc -all "./$rel" >"$tmp/api/${rel//\//_}.txt"
done <"$tmp/packages"

if [[ $1 == update ]]; then
	rm -rf .ci/api # so that a package that is gone takes its golden along
	cp -R "$tmp/api" .ci/api
elif ! diff -ruN .ci/api "$tmp/api"; then
	echo "The API is not what .ci/api says. If that is meant: .ci/api.sh update, and commit the diff." >&2
	exit 1
fi
