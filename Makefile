# A menu; every entry is one call of a script that also works alone.
.DEFAULT_GOAL := help
.PHONY: help dependencies build release test integration chart docs examples package packaging demo lint format golden fuzz clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 16
dependencies: ## install the Debian and Python packages that are missing
	scripts/install-dependencies
build: ## build the dev preset: warnings are errors, with tests
	scripts/build dev
release: ## build build/release/pgconcord
	scripts/build release
test: ## everything: build, ctest, integration tests, sanitizers
	scripts/test
integration: ## the integration tests alone, on the dev build
	.venv/bin/python -m pytest tests/integration -n 2 --dist loadgroup
chart: ## the tests of the Helm chart: lint, schemas of Kubernetes, golden files, rules
	.venv/bin/python -m pytest tests/helm -n 2
docs: ## whatever the documents show works; builds the site into build/site
	scripts/test-docs
examples: ## every example by the commands of its README, and the compatibility matrix
	scripts/test-examples
package: ## build the Debian package into build/packages
	scripts/package
packaging: ## the tests of the Debian package and the image (as root)
	.venv/bin/python -m pytest tests/packaging
demo: ## a Django application before and after, on a throw-away PostgreSQL
	scripts/demo --once
lint: ## clang-format, shellcheck, ruff, architecture, clang-tidy
	scripts/lint
format: ## format C++ and Python
	scripts/format
golden: ## rewrite the golden files from what the program says now
	scripts/golden
fuzz: ## build the libFuzzer targets (clang)
	scripts/build fuzz
clean: ## remove build/
	rm -rf build
