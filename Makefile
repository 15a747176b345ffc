# fetchgrep: everything is built under build/. `make help` lists the targets.

VERSION := 0.1.0

# ---- what must be installed (Debian's names) --------------------------------

# WITH_HS=0 builds without Vectorscan: every pattern then runs on every page.
WITH_HS  ?= 1
HS       := $(filter-out 0 no,$(WITH_HS))

PKGS_BUILD := gcc libc6-dev libcurl4-openssl-dev libpcre2-dev libdeflate-dev \
              zlib1g-dev libssl-dev libjansson-dev libxxhash-dev libzstd-dev \
              libbrotli-dev libuchardet-dev libc-ares-dev libpsl-dev \
              libidn2-dev $(if $(HS),libvectorscan-dev)
PKGS_DEMO  := nginx-light
PKGS_CHECK := check nginx-light python3-minimal python3 python3-doc wget curl \
              ca-certificates openssl zstd
PKGS_LINT  := clang-format clang-tidy shellcheck
PKGS_FUZZ  := clang libclang-rt-14-dev
PKGS_BENCH := ripgrep wget wget2 curl python3 python3-aiohttp python3-doc nginx-light \
              openssl ca-certificates

# ---- how it is built ---------------------------------------------------------

CC       ?= gcc
OPT      ?= -O2 -g
STD      := -std=c17 -D_GNU_SOURCE
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
            -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
            -Wpointer-arith -Wcast-qual -Wcast-align=strict -Wwrite-strings \
            -Wformat=2 -Wundef -Wvla -Wswitch-enum -Wimplicit-fallthrough=5 \
            -Wnull-dereference -Wdouble-promotion -Wduplicated-cond \
            -Wduplicated-branches -Wlogical-op
DEV      ?= $(if $(CI),1,)
CPPFLAGS_OWN := $(STD) -Iinclude -include fetchgrep/base/banned.h \
                -DFETCHGREP_VERSION='"$(VERSION)"' -DPCRE2_CODE_UNIT_WIDTH=8 \
                $(if $(HS),-DWITH_HS=1,-DWITH_HS=0)
CFLAGS_OWN := $(OPT) $(WARNINGS) $(if $(DEV),-Werror) -fopenmp -pthread
LDLIBS   := -lcurl -lpcre2-8 -ldeflate -lz -lcrypto -ljansson -lxxhash -lzstd \
            -lbrotlidec -luchardet -lcares -lpsl -lidn2 $(if $(HS),-lhs) -lm

# One object tree per variant.
comma := ,
VARIANT ?= release
ifeq ($(HS),)
VARIANT := release-nohs
endif
ifdef SANITIZE
VARIANT := $(subst $(comma),-,$(SANITIZE))
SAN := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
OPT := -O1 -g
endif
ifdef COVERAGE
VARIANT := coverage
SAN := --coverage
OPT := -O0 -g
endif
# ThreadSanitizer cannot see libgomp's barriers: the team is then made of plain
# threads (src/run/team_threads.c).
ifneq (,$(findstring thread,$(SANITIZE)))
SAN += -DTEAM_PLAIN_THREADS
endif

# The fuzz targets and a library of their own, built by clang for libFuzzer.
# What clang does not know is left out; OpenMP would need its own runtime.
ifdef FUZZ
CC       := clang
VARIANT  := fuzz
SAN      := -fsanitize=fuzzer-no-link,address,undefined \
            -fno-omit-frame-pointer -fno-sanitize-recover=all \
            -DTEAM_PLAIN_THREADS
OPT      := -O1 -g
DEV      :=
WARNINGS := $(filter-out -Wpedantic -Wduplicated-% -Wlogical-op -Wcast-align=% \
              -Wimplicit-fallthrough=%,$(WARNINGS)) \
            -Wimplicit-fallthrough -Wno-format-nonliteral
CFLAGS_OWN = $(OPT) $(WARNINGS) -pthread
endif

B        := build/$(VARIANT)
MODULES  := base model manifest frontier fetch archive extract record run cli
SRCS     := $(foreach m,$(MODULES),$(wildcard src/$(m)/*.c))
LIB_SRCS := $(filter-out src/cli/main.c,$(SRCS))
LIB_OBJS := $(LIB_SRCS:%.c=$(B)/%.o)
UNITS    := $(wildcard tests/unit/*/test_*.c)
UNIT_BINS := $(UNITS:%.c=$(B)/%)
TOOLS    := $(patsubst %.c,$(B)/%,$(wildcard tests/server/*.c \
              tests/support/*.c))
FAULTS   := $(patsubst %.c,$(B)/%.so,$(wildcard tests/faults/*.c))
BENCH_TOOLS := $(B)/tests/bench/count_locks.so $(B)/tests/bench/hs_floor \
               $(B)/tests/bench/frontier_sim \
               $(B)/tests/server/fault_server $(B)/tests/server/dns_server
FUZZERS  := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
PROGRAM  := $(B)/fetchgrep

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(2))

.DEFAULT_GOAL := all

all: $(PROGRAM) $(if $(filter release,$(VARIANT)),build/fetchgrep) ## build build/fetchgrep

build/fetchgrep: $(PROGRAM)
	$(Q)ln -sfn release/fetchgrep $@

$(PROGRAM): $(B)/src/cli/main.o $(B)/libfetchgrep.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS_OWN) $(SAN) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/libfetchgrep.a: $(LIB_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/src/%.o: src/%.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_OWN) $(CPPFLAGS) $(CFLAGS_OWN) $(SAN) $(CFLAGS) \
	    -MMD -MP -c -o $@ $<

$(B)/tests/unit/%: tests/unit/%.c $(B)/libfetchgrep.a Makefile
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_OWN) $(CPPFLAGS) $(filter-out -Wpedantic,$(CFLAGS_OWN)) \
	    $(SAN) $(CFLAGS) -MMD -MP -Itests/unit -o $@ $< $(B)/libfetchgrep.a \
	    $(LDFLAGS) $(LDLIBS) -lbrotlienc -lcheck -lsubunit -lm -lrt

$(B)/tests/fuzz/%: tests/fuzz/%.c $(B)/libfetchgrep.a Makefile
	$(call say,FUZZER,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_OWN) $(CPPFLAGS) $(CFLAGS_OWN) $(SAN) -fsanitize=fuzzer \
	    $(CFLAGS) -MMD -MP -o $@ $< $(B)/libfetchgrep.a $(LDFLAGS) $(LDLIBS)

$(B)/tests/server/%: tests/server/%.c Makefile
	$(call say,TOOL,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_OWN) $(CPPFLAGS) $(CFLAGS_OWN) $(SAN) $(CFLAGS) \
	    -MMD -MP -o $@ $< $(LDFLAGS)

$(B)/tests/bench/%: tests/bench/%.c $(B)/libfetchgrep.a Makefile
	$(call say,TOOL,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_OWN) $(CPPFLAGS) $(CFLAGS_OWN) $(CFLAGS) -o $@ $< \
	    $(B)/libfetchgrep.a $(LDFLAGS) $(LDLIBS)

$(B)/tests/support/%: tests/support/%.c Makefile
	$(call say,TOOL,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_OWN) $(CPPFLAGS) $(CFLAGS_OWN) $(SAN) $(CFLAGS) \
	    -MMD -MP -o $@ $< $(LDFLAGS) -lpcre2-8

$(B)/tests/faults/%.so: tests/faults/%.c Makefile
	$(call say,TOOL,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_OWN) $(filter-out -Wpedantic,$(CFLAGS_OWN)) -fPIC \
	    -shared -o $@ $<

$(B)/tests/bench/%.so: tests/bench/%.c Makefile
	$(call say,TOOL,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_OWN) $(CFLAGS_OWN) -fPIC -shared -o $@ $<

-include $(shell find build -name '*.d' 2>/dev/null)

# ---- installing what is missing ----------------------------------------------

# $(call ensure,PACKAGES): asks nothing and touches nothing when all are there.
define ensure
	$(Q)if ! command -v dpkg-query >/dev/null; then \
	    echo "not a Debian system; needed there: $(strip $(1))"; exit 0; fi; \
	missing=$$(for p in $(1); do \
	    dpkg-query -W -f='$${db:Status-Status}\n' $$p 2>/dev/null | \
	    grep -qx installed || printf ' %s' $$p; done); \
	[ -n "$$missing" ] || exit 0; \
	install="apt-get install -y --no-install-recommends$$missing"; \
	if [ "$$(id -u)" = 0 ]; then root=; \
	elif command -v sudo >/dev/null; then root=sudo; \
	else echo "missing packages; as root: apt-get update && $$install" >&2; \
	    exit 1; fi; \
	echo "installing$$missing"; \
	$$root apt-get update -q && \
	$$root env DEBIAN_FRONTEND=noninteractive $$install
endef

deps: ## install the packages to build and to run the demo
	$(call ensure,$(PKGS_BUILD) $(PKGS_DEMO))

deps-check: ## and those that the tests need
	$(call ensure,$(PKGS_BUILD) $(PKGS_DEMO) $(PKGS_CHECK))

deps-lint:
	$(call ensure,$(PKGS_BUILD) $(PKGS_LINT))

deps-fuzz:
	$(call ensure,$(PKGS_BUILD) $(PKGS_FUZZ))

deps-bench:
	$(call ensure,$(PKGS_BUILD) $(PKGS_BENCH))

# ---- running -------------------------------------------------------------------

demo: deps ## install what is missing, build, run the main job on a small site
	$(Q)$(MAKE) --no-print-directory all
	$(Q)data/demo.sh

units: $(UNIT_BINS)
tools: $(TOOLS) $(FAULTS)

check: deps-check ## install what is missing, build, pass all tests
	$(Q)$(MAKE) --no-print-directory check-layers check-unit check-cli \
	    check-matrix check-kills check-equality

ifneq ($(findstring thread,$(SANITIZE)),)
export TSAN_OPTIONS := suppressions=$(CURDIR)/tests/support/tsan.supp
endif

check-unit: units ## the unit tests
	$(Q)for t in $(UNIT_BINS); do CK_VERBOSITY=normal $$t || exit 1; done

check-cli: all tools ## the command-line tests
	$(Q)tests/cli/run.sh --program $(CURDIR)/$(PROGRAM) \
	    --server $(CURDIR)/$(B)/tests/server/fault_server \
	    $(if $(SANITIZE),--timeout 300)

check-matrix: all tools ## every way that a server can go wrong, in one run
	$(Q)tests/faults/matrix.py --program $(PROGRAM) \
	    --server $(B)/tests/server/fault_server

KILL_ROUNDS ?= 20
KILL_SEED   ?= 1

check-kills: all tools ## runs that are killed at random moments and gone on with
	$(Q)tests/faults/kills.py --program $(PROGRAM) \
	    --server $(B)/tests/server/fault_server \
	    --rounds $(KILL_ROUNDS) --seed $(KILL_SEED)

torture: deps-check ## a thousand of them, each time others
	$(Q)$(MAKE) --no-print-directory KILL_ROUNDS=1000 \
	    KILL_SEED=$$(date +%s) check-kills

EQUALITY_SECONDS ?= 20
EQUALITY_SEED    ?= 1

check-equality: all tools ## extract against PCRE2 and Python, in every way of running it
	$(Q)tests/equality/equality.py --program $(PROGRAM) \
	    --oracle $(B)/tests/support/pcre2_oracle --folder $(B)/equality \
	    --seconds $(EQUALITY_SECONDS) --seed $(EQUALITY_SEED) --require-all

equality-long: deps-check ## an hour of it, each time with other patterns
	$(Q)$(MAKE) --no-print-directory EQUALITY_SECONDS=3600 \
	    EQUALITY_SEED=$$(date +%s) check-equality

check-sanitize: deps-check ## all tests under the address, undefined and thread sanitizers
	$(Q)$(MAKE) --no-print-directory SANITIZE=address,undefined check-unit check-cli \
	    check-equality EQUALITY_SECONDS=10
	$(Q)$(MAKE) --no-print-directory SANITIZE=thread check-unit check-cli

FUZZ_SECONDS ?= 10
FUZZ_NAMES   ?=

fuzzers: $(FUZZERS)

fuzz: deps-fuzz ## fuzz every parser for FUZZ_SECONDS (10) each; FUZZ_NAMES chooses
	$(Q)$(MAKE) --no-print-directory FUZZ=1 fuzzers
	$(Q)tests/fuzz/run.sh --seconds $(FUZZ_SECONDS) $(FUZZ_NAMES)

fuzz-long: ## an hour of it for each
	$(Q)$(MAKE) --no-print-directory FUZZ_SECONDS=3600 fuzz

check-layers: ## who includes whom
	$(Q)tests/support/check_layers.sh

TIDY_FLAGS := $(filter-out -DFETCHGREP_VERSION%,$(CPPFLAGS_OWN)) -fopenmp \
              -DFETCHGREP_VERSION=\"\"
OWN_C := $(shell find src include tests -name '*.[ch]')

lint: deps-lint check-layers ## warnings as errors, clang-tidy, format, shellcheck
	$(Q)$(MAKE) --no-print-directory DEV=1 VARIANT=lint all units tools
	$(Q)clang-format --dry-run -Werror $(OWN_C)
	$(Q)printf '%s\n' $(SRCS) | xargs -P 2 -n 8 sh -c \
	    'clang-tidy --quiet "$$@" -- $(TIDY_FLAGS)' tidy 2>&1 | \
	    { ! grep -E 'warning:|error:' -A4; }
	$(Q)shellcheck -x $$(find data tests slurm .ci -type f -name '*.sh' -o -type f -name '*.sbatch' -o -type f -name run)

format: ## lay the sources out as .clang-format says
	$(Q)clang-format -i $(OWN_C)

bench: deps-bench ## measure against curl, ripgrep, wget and the tutorial scripts
	$(Q)$(MAKE) --no-print-directory all tools $(BENCH_TOOLS)
	$(Q)tests/bench/bench.py --program $(PROGRAM) --tools $(B)/tests/bench $(BENCH)

PREFIX  ?= /usr/local
DESTDIR ?=

install: all ## copy the program to PREFIX (/usr/local), below DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/fetchgrep

uninstall: ## remove it again
	rm -f $(DESTDIR)$(PREFIX)/bin/fetchgrep

clean: ## remove build/
	rm -rf build

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 18

.PHONY: all deps deps-check deps-lint deps-bench demo units tools check \
        check-unit check-cli check-sanitize fuzzers fuzz fuzz-long deps-fuzz \
        check-equality equality-long \
        check-layers lint format bench \
        install uninstall clean help
