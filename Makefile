# mod_auth_mcp: plain GNU make. It only asks apxs and pkg-config; objects and results go under $(BUILD).

BUILD     ?= build
APXS      ?= apxs
ifeq ($(origin CC),default)
CC        := gcc
endif
CFLAGS    ?= -O2 -g
LDFLAGS   ?=
DESTDIR   ?=
PREFIX    ?= /usr/local
PERL      ?= perl
PROVE     ?= prove
NPM       ?= npm

VERSION   := $(shell sed -n '1s/^.* \([0-9][0-9.]*\).*$$/\1/p' CHANGES)

WARNINGS  := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wvla -Werror
APR_INC   := $(patsubst -I%,-isystem %,$(shell apr-1-config --includes 2>/dev/null))
APR_DEF   := $(shell apr-1-config --cppflags 2>/dev/null)
HTTPD_INC  = -isystem $(shell $(APXS) -q INCLUDEDIR)
MODDIR     = $(shell $(APXS) -q LIBEXECDIR)
BASE      := -std=c11 -D_GNU_SOURCE $(APR_DEF) -DMCP_VERSION='"$(VERSION)"' -fPIC -fvisibility=hidden $(WARNINGS) $(APR_INC)

MODULE_LIBS := $(shell pkg-config --libs jansson libcrypto libcurl libjwt 2>/dev/null) -lm
TOOL_LIBS   := $(shell pkg-config --libs jansson libcrypto libjwt apr-1 apr-util-1 2>/dev/null) -lm
TEST_LIBS   := $(shell pkg-config --libs jansson libcrypto libcurl libjwt apr-1 apr-util-1 2>/dev/null) -lm -lpthread

# Rooms. core and io are compiled without httpd's headers in reach: an arrow in the wrong direction does not build.
CORE  := $(wildcard src/core/*.c)
IO    := $(wildcard src/io/*.c)
HTTPD := mod_auth_mcp.c $(wildcard src/httpd/*.c)
TOOLS := $(wildcard src/tools/*.c)
UNIT  := $(wildcard t/unit/*.c)

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

MODULE     := $(BUILD)/mod_auth_mcp.so
TOOL       := $(BUILD)/mcp-token
UNIT_TESTS := $(patsubst t/unit/%.c,$(BUILD)/t/unit/%.t,$(UNIT))

FUZZ       := $(filter-out replay,$(patsubst t/fuzz/%.c,%,$(wildcard t/fuzz/*.c)))
FUZZ_TESTS := $(FUZZ:%=$(BUILD)/t/fuzz/%.t)
FUZZ_BINS  := $(FUZZ:%=$(BUILD)/fuzz/%)
JUDGE      := $(BUILD)/t/readers/judge
SECONDS    ?= 60

.PHONY: all deps demo check check-all asan tsan memcheck fuzz coverage lint bench bench-deps soak install install-tools clean unit
.DEFAULT_GOAL := all

all: $(MODULE) $(TOOL)

$(BUILD)/src/core/%.o $(BUILD)/src/io/%.o $(BUILD)/src/tools/%.o: INCLUDES :=
$(call obj,$(HTTPD)): INCLUDES = $(HTTPD_INC)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo '  CC    $<'
	@$(CC) $(BASE) $(INCLUDES) $(CFLAGS) -MMD -MP -c -o $@ $<

$(MODULE): $(call obj,$(HTTPD) $(IO) $(CORE))
	@echo '  LD    $@'
	@$(CC) -shared $(CFLAGS) $(LDFLAGS) -o $@ $^ $(MODULE_LIBS)

$(TOOL): $(call obj,$(TOOLS) src/io/readfile.c $(CORE))
	@echo '  LD    $@'
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TOOL_LIBS)

$(BUILD)/t/unit/%.t: $(BUILD)/t/unit/%.o $(call obj,$(IO) $(CORE))
	@echo '  LD    $@'
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS)

# What t/lib/scarce.h denies: calls of these from our objects go by way of it.
SCARCE := malloc free RAND_bytes apr_thread_mutex_create apr_global_mutex_lock curl_easy_setopt \
          mkostemp fstat read write fsync close rename

$(BUILD)/t/unit/scarce_%.t: LDFLAGS += $(SCARCE:%=-Wl,--wrap=%)

# The seeds of every fuzz target, as tests.
$(FUZZ_TESTS): $(BUILD)/t/fuzz/%.t: $(BUILD)/t/fuzz/%.o $(BUILD)/t/fuzz/replay.o $(call obj,$(CORE))
	@echo '  LD    $@'
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS)

# What the module reads in request bodies, to be compared with other readers.
$(JUDGE): $(BUILD)/t/readers/judge.o $(call obj,$(CORE))
	@echo '  LD    $@'
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS)

.SECONDARY: $(call obj,$(UNIT) $(FUZZ:%=t/fuzz/%.c) t/fuzz/replay.c)

unit: $(UNIT_TESTS) $(FUZZ_TESTS) $(JUDGE)

$(BUILD)/fuzz/%: t/fuzz/%.c t/fuzz/fuzz.h $(CORE)
	@mkdir -p $(@D)
	clang $(BASE) -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=undefined -o $@ $< $(CORE) $(TEST_LIBS)

# Each target for SECONDS, with a line on what it did; what it learns stays under $(BUILD), a crash is written there.
fuzz: $(FUZZ_BINS)
	@cd $(BUILD)/fuzz && for name in $(FUZZ); do mkdir -p corpus/$$name; \
	    ./$$name -max_total_time=$(SECONDS) -max_len=4096 -artifact_prefix=$$name- corpus/$$name $(CURDIR)/t/fuzz/corpus/$$name \
	        >$$name.log 2>&1 || { tail -50 $$name.log; exit 1; }; \
	    sed -n "s/^#\([0-9]*\)\tDONE *cov: \([0-9]*\).*/$$name: \1 executions, \2 edges/p" $$name.log; done

# What building and testing need beyond a bare Debian 12. nodejs and npm only when there are none.
PACKAGES := build-essential apache2-bin apache2-dev libjansson-dev libjwt-dev libssl-dev libcurl4-openssl-dev pkg-config \
            perl openssl curl clang clang-format clang-tidy libclang-rt-14-dev cppcheck valgrind gcovr \
            apache2-utils chromium ca-certificates redis-server memcached python3

# Tests start their own redis-server and memcached: where these packages are new, their services are stopped and stay off.
deps: NEW := $(shell for name in redis-server memcached; do command -v $$name >/dev/null || echo $$name; done)
deps:
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $(PACKAGES) \
	    $$(command -v node >/dev/null || echo nodejs) $$(command -v $(NPM) >/dev/null || echo npm)
	for name in $(NEW); do update-rc.d $$name disable; invoke-rc.d $$name stop || true; done
	$(NPM) ci --prefix t/node --no-audit --no-fund

# A make of its own, because deps may have installed what the questions at the top of this file ask.
demo:
	$(MAKE) all
	BUILD=$(BUILD) $(PERL) demo/demo.pl

# Of the bench, which a test runs as well.
BENCH_TOOLS := $(patsubst t/bench/%.c,$(BUILD)/t/bench/%,$(wildcard t/bench/*.c))

$(BENCH_TOOLS): $(BUILD)/t/bench/%: $(BUILD)/t/bench/%.o $(call obj,$(CORE))
	@echo '  LD    $@'
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS)

# Everything a change must pass: unit tests, the house's rules, httpd with the distribution's event MPM, real clients and servers.
TESTS := t/harness t/house t/tools t/config t/httpd t/interop

check: all unit $(BENCH_TOOLS)
	BUILD=$(BUILD) $(PROVE) -It/lib -r $(UNIT_TESTS) $(FUZZ_TESTS) $(TESTS)

check-all: check
	for mpm in worker prefork; do BUILD=$(BUILD) MPM=$$mpm $(PROVE) -It/lib -r t/httpd || exit 1; done

SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined

# The whole unit and httpd suite under AddressSanitizer and UBSan, in all three MPMs; inside httpd through LD_PRELOAD.
asan:
	$(MAKE) BUILD=build-asan CFLAGS="$(SANITIZE)" all unit
	BUILD=build-asan $(PROVE) $(patsubst $(BUILD)/%,build-asan/%,$(UNIT_TESTS) $(FUZZ_TESTS))
	for mpm in event worker prefork; do \
	    BUILD=build-asan MPM=$$mpm MCP_LD_PRELOAD="$$($(CC) -print-file-name=libasan.so) $$($(CC) -print-file-name=libubsan.so)" \
	    $(PROVE) -It/lib -r t/httpd || exit 1; done

RACES := -O1 -g -fno-omit-frame-pointer -fsanitize=thread

# ThreadSanitizer over the unit tests that have threads, and over all threads of one httpd at once; there through LD_PRELOAD.
THREADED = $(patsubst t/unit/%.c,build-tsan/t/unit/%.t,$(shell grep -lE "p?thread_create" t/unit/*.c))

tsan:
	$(MAKE) BUILD=build-tsan CFLAGS="$(RACES)" all $(THREADED) $(BENCH_TOOLS:$(BUILD)/%=build-tsan/%)
	$(PROVE) $(THREADED)
	for mpm in event worker; do \
	    BUILD=build-tsan MPM=$$mpm MCP_LD_PRELOAD="$$($(CC) -print-file-name=libtsan.so)" \
	    $(PERL) t/soak/races.pl || exit 1; done

# valgrind's memcheck over the unit tests, and over an httpd that meets every kind of answer: nothing invalid, nothing lost for
# good. Not over the tests of denied allocations, which are thousands of processes and count what is lost themselves.
MEMCHECK = valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
           --num-callers=30 --fair-sched=yes --suppressions=$(CURDIR)/t/memcheck.supp

memcheck: all unit
	$(PROVE) -e "$(MEMCHECK)" $(filter-out $(BUILD)/t/unit/scarce_%,$(UNIT_TESTS) $(FUZZ_TESTS))
	BUILD=$(BUILD) MCP_UNDER="$(MEMCHECK)" $(PROVE) -It/lib $(patsubst %,t/httpd/%.t,wire authz operations bodies keys mirror sharedcache)

# Statement of style: layout, analysers, gcc and clang without a warning.
SOURCES = $(wildcard mod_auth_mcp.c src/*/*.[ch] t/unit/*.[ch] t/lib/*.h t/fuzz/*.[ch] t/bench/*.[ch])

lint:
	clang-format --dry-run -Werror $(SOURCES)
	$(MAKE) BUILD=build-clang CC=clang CFLAGS="-O1" all unit
	$(MAKE) BUILD=build-analyzer CC=gcc CFLAGS="-O2 -fanalyzer" all
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr --suppressions-list=.cppcheck \
	    --enable=warning,performance,portability --library=posix src mod_auth_mcp.c
	clang-tidy --quiet $(CORE) $(IO) -- $(BASE)
	clang-tidy --quiet $(HTTPD) -- $(BASE) $(HTTPD_INC)

# Lines and branches of src that the unit tests and the httpd suite run: at least so many in a hundred, else it fails.
# www-data's children write their counts into the same files as root's tests, which therefore are there before.
GCOVR = gcovr --root .. --sort-percentage --print-summary

coverage:
	$(MAKE) BUILD=build-coverage CFLAGS="-O0 -g --coverage -fprofile-update=atomic" all unit
	find build-coverage -name '*.gcno' | sed 's/gcno$$/gcda/' | xargs truncate -s 0
	chmod -R a+rwX build-coverage
	BUILD=build-coverage $(PROVE) -It/lib -r $(patsubst $(BUILD)/%,build-coverage/%,$(UNIT_TESTS)) t/httpd
	find build-coverage -name '*.gcda' -size 0 -delete
	cd build-coverage && low= && \
	{ $(GCOVR) --fail-under-line 95 --fail-under-branch 80 --filter '../src/core/' --filter '../src/io/' . || low=yes; } && \
	{ $(GCOVR) --fail-under-line 85 --fail-under-branch 60 --filter '../src/httpd/' --filter '../mod_auth_mcp.c' . || low=yes; } && \
	test -z "$$low"

# What a request costs, against doing without and against peers: see t/bench/bench.pl for PART, ROUNDS and REQUESTS.
bench: all $(BENCH_TOOLS)
	BUILD=$(BUILD) PART="$(PART)" $(PERL) t/bench/bench.pl

# The peers of the bench. As everywhere in Debian they come enabled; where they are new here, they are turned off again.
BENCH_PEERS := libapache2-mod-oauth2 libapache2-mod-auth-openidc haproxy nghttp2-client

bench-deps: NEW_MODULES := $(shell for name in oauth2 auth_openidc; do test -e $$($(APXS) -q LIBEXECDIR)/mod_$$name.so || echo $$name; done)
bench-deps: NEW_SERVICES := $(shell command -v haproxy >/dev/null || PATH=$$PATH:/usr/sbin command -v haproxy >/dev/null || echo haproxy)
bench-deps:
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $(BENCH_PEERS)
	for name in $(NEW_MODULES); do a2dismod -q $$name || true; done
	for name in $(NEW_SERVICES); do update-rc.d $$name disable; invoke-rc.d $$name stop || true; done

# Mixed load for MINUTES, while keys rotate and all that is around dies and comes back: see t/soak/soak.pl for MPM, RATE and CALLERS.
soak: all
	BUILD=$(BUILD) MINUTES="$(MINUTES)" $(PERL) t/soak/soak.pl

install: $(MODULE)
	install -d $(DESTDIR)$(MODDIR)
	install -m 644 $(MODULE) $(DESTDIR)$(MODDIR)/mod_auth_mcp.so

install-tools: $(TOOL)
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(TOOL) $(DESTDIR)$(PREFIX)/bin/mcp-token

clean:
	rm -rf $(BUILD) build-asan build-tsan build-clang build-analyzer build-coverage

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
