# The front door. Each target first sets up what it needs.
.POSIX:
.PHONY: help run test test-core test-stress core stress core-on-sqlite core-on-postgres \
	stress-on-sqlite stress-on-postgres alone soak check check-types check-code check-site \
	check-tests format setup lock bench bench-writes bench-page bench-usage bench-search \
	bench-files bench-imports bench-retention messages screenshots up down image test-image \
	release licences

PYTHON = .venv/bin/python
MANAGE = $(PYTHON) manage.py
# Servers start hundreds of times in the tests, with modules that were compiled once.
export PYTHONDONTWRITEBYTECODE =
# Given to pytest: make test ARGS="-k login".
ARGS =
# Those of one file and kind run in one process, for they share servers, in the order of
# tests/conftest.py.
AT_ONCE = --dist loadgroup --no-loadscope-reorder
# Names what failed and what was run again (tests/conftest.py says which tests are).
NAMED = -r fER
# How pytest says that ARGS chose no test of this part.
NONE = 5

help: ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile

run: setup ## Serve on http://127.0.0.1:8000 (or PORT), reloading when a file changes.
	@$(MANAGE) migrate --verbosity 0
	@exec env RELOAD=true $(PYTHON) -m gunicorn -c gunicorn.conf.py chatsite.asgi:application

# Those that kill, stall and drain servers wait more than they work: they run beside the others.
test: ## Run every test, on SQLite and on PostgreSQL.
	@.ci/setup test
	@echo "Each part is told when it is done, the first in some five minutes."
	@$(MAKE) --jobs=2 --output-sync core stress
	@$(MAKE) alone

core:
	@$(MAKE) core-on-sqlite
	@$(MAKE) core-on-postgres

stress:
	@$(MAKE) stress-on-sqlite
	@$(MAKE) stress-on-postgres

test-core: ## Run those that can run at once, on SQLite.
	@.ci/setup test
	@$(MAKE) core-on-sqlite

test-stress: ## Run the tests that kill, stall and drain servers, and those that measure.
	@.ci/setup test
	@echo "On both databases at once, each told when it is done, in some two minutes:"
	@$(MAKE) --jobs=2 --output-sync stress-on-sqlite stress-on-postgres
	@$(MAKE) alone

# Several at a time, for they wait much.
core-on-sqlite:
	$(PYTHON) -m pytest $(NAMED) -n 5 $(AT_ONCE) -m "not stress and not alone" \
		$(ARGS) || [ $$? = $(NONE) ]

core-on-postgres:
	$(PYTHON) -m tests.support.postgres $(PYTHON) -m pytest $(NAMED) -n 5 $(AT_ONCE) \
		-m "not stress and not alone and not once" $(ARGS)

stress-on-sqlite:
	$(PYTHON) -m pytest $(NAMED) -m stress $(ARGS) || [ $$? = $(NONE) ]

stress-on-postgres:
	$(PYTHON) -m tests.support.postgres $(PYTHON) -m pytest $(NAMED) \
		-m "stress and not once" $(ARGS)

# What measures has the machine to itself.
alone:
	$(PYTHON) -m pytest $(NAMED) -m alone $(ARGS) || [ $$? = $(NONE) ]

# Serves in containers, with PostgreSQL and TLS (docs/container.md).
COMPOSE = docker compose

up: ## Serve in containers with PostgreSQL and TLS, on https://localhost or your host's name.
	@container/prepare
	VERSION="$$(sed -n 's/^version = "\(.*\)"$$/\1/p' pyproject.toml)" \
	REVISION="$$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
		$(COMPOSE) up --build --detach --wait

down: ## Stop those containers; what they stored stays.
	$(COMPOSE) down

image: ## Build the container image (BASE=debian where no registry of images can be reached).
	container/build

# In some containers and virtual machines nothing else than `chroot` may be used to build.
test-image: ## Build the container image and test it at work (as root, some five minutes).
	@.ci/setup image
	BUILDAH_ISOLATION=chroot BUILDER=buildah BASE=$${BASE:-auto} container/build localhost/chatsite:test
	IMAGE=localhost/chatsite:test $(PYTHON) -m pytest $(NAMED) tests/test_image.py

release: ## Check, tag and pack the version in pyproject.toml (DRY_RUN=1: no tests, tag, image).
	@.ci/setup test
	$(PYTHON) -m release $${DRY_RUN:+--dry-run}

licences: ## Write docs/licences.md anew, after `make lock`.
	@.ci/setup check
	$(PYTHON) -m release.licences

soak: ## Kill, stop, disconnect and fail for half an hour, on both databases.
	@.ci/setup test
	$(PYTHON) -m pytest -n 4 $(AT_ONCE) -m hypothesis --hypothesis-profile=default
	$(PYTHON) -m bench.soak

check: ## Look for mistakes without running the tests.
	@.ci/setup check
	@$(MAKE) --jobs=2 --output-sync check-types check-code check-site check-tests

check-types:
	$(PYTHON) -m mypy

check-code:
	$(PYTHON) -m pip check
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	find templates -name '*.html' -exec .venv/bin/djade --target-version 5.2 --check {} +

check-site:
	$(PRODUCTION) $(MANAGE) makemigrations --check --dry-run
	$(PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING

# That all tests can be imported is seen here, and their modules are compiled once: those that run
# them do it at the same time, each for itself.
check-tests:
	$(PYTHON) -m pytest --quiet --collect-only >.venv/collected || { cat .venv/collected; exit 1; }
	$(PYTHON) -m pytest --quiet tests/test_imports.py tests/test_readme.py

# The settings of a site behind TLS, whatever .env says.
PRODUCTION = SECRET_KEY="$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(50))')" \
	DEBUG=false INSECURE_HTTP=false ALLOWED_HOSTS=chat.example.org TRUSTED_PROXIES=1 \
	OPENAI_BASE_URL= OPENAI_API_KEY=

format: ## Put code and templates into the house style.
	@.ci/setup check
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
	find templates -name '*.html' -exec .venv/bin/djade --target-version 5.2 {} +

setup: ## Make .venv and .env where they are missing.
	@.ci/setup

bench: ## Measure streamed replies, few and many, beside a plain relay (half an hour).
	@.ci/setup test
	$(PYTHON) -m bench.replies

bench-writes: ## Measure what replies write to PostgreSQL.
	@.ci/setup test
	$(PYTHON) -m bench.writes

bench-page: ## Measure what a conversation's page costs a browser.
	@.ci/setup test
	$(PYTHON) -m bench.page

bench-usage: ## Measure the reports over ten million calls (takes about half an hour).
	@.ci/setup test
	$(PYTHON) -m bench.usage

bench-search: ## Measure searches among 100,000 messages (takes some minutes).
	@.ci/setup test
	$(PYTHON) -m bench.search

bench-files: ## Measure fifty uploads of pictures at once, and messages with files (some minutes).
	@.ci/setup test
	$(PYTHON) -m bench.files
	$(PYTHON) -m bench.message_files

bench-imports: ## Measure what the import of a megabyte costs (some minutes).
	@.ci/setup test
	$(PYTHON) -m bench.imports

bench-retention: ## Measure a retention run over a million messages (an hour).
	@.ci/setup test
	$(PYTHON) -m bench.retention

messages: ## Collect the strings to translate, and compile what is translated (needs gettext).
	@.ci/setup
	$(MANAGE) makemessages --locale zh_Hans --no-location --no-obsolete --no-wrap \
		--ignore .venv --ignore static --ignore tests --ignore bench --ignore docs
	sed -i '/^"POT-Creation-Date/d' locale/zh_Hans/LC_MESSAGES/django.po
	$(MANAGE) compilemessages --locale zh_Hans --verbosity 0

screenshots: ## Take the pictures in docs/screenshots anew.
	@.ci/setup test
	$(PYTHON) -m bench.screenshots

lock: ## Lock the versions of requirements.in, requirements-s3.in and requirements-dev.in anew.
	@.ci/setup check
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-s3.in -c requirements.txt -o requirements-s3.txt
	$(LOCK) requirements-dev.in -c requirements.txt -o requirements-dev.txt
	@for name in requirements requirements-s3; do \
		$(LOCK) --format pylock.toml $$name.in -c $$name.txt -o .venv/pylock.$$name.toml || exit; done
	$(PYTHON) -m release.wheels .venv/pylock.requirements.toml .venv/pylock.requirements-s3.toml

LOCK = $(PYTHON) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
