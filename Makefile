# riskml: build with PGXS, everything else through scripts in test/harness.
#
#   make && make install     build for, and install into, the PostgreSQL of PG_CONFIG
#   make demo, make check    work on a fresh machine: they install what is missing first
#
# Variables: PG_CONFIG=/path/to/pg_config  WERROR=1  with_llvm=no  SUITES="unit regress"
#            XGBOOST_CFLAGS=-I/path/to/include  XGBOOST_LIBS="-L/path/to/lib -lxgboost"

EXTENSION = riskml
EXTVERSION = 0.1.0
MODULE_big = riskml

# The install script is these files of sql/, in this order.
SQL_MODULES = header registry_types model scoring explain registry views reasons schedule job_tables jobs job_runs load ingest quality validation profile \
	distribution drift drift_tests metrics evaluate drift_report recipe recipe_functions recipe_fit woe \
	train gates model_card

HARNESS = setup check demo demo-jobs demo-train shell check-selftest check-versions check-arm64 check-long bench bench-import \
	bench-kernels bench-explain bench-jobs bench-load bench-quality bench-recipe bench-stats bench-train \
	unit fuzz parity stats recipes train fixtures malformed

ifneq (,$(filter $(HARNESS),$(MAKECMDGOALS)))

# ---- goals that are scripts: they find PostgreSQL themselves, so pg_config may still be absent

.PHONY: $(HARNESS)
setup:          ; @test/harness/setup.sh
check:          ; @test/harness/check.sh $(SUITES)
demo:           ; @test/harness/demo.sh
demo-jobs:      ; @test/harness/demo_jobs.sh
demo-train:     ; @test/harness/demo_train.sh
shell:          ; @test/harness/shell.sh
check-selftest: ; @test/harness/selftest.sh
check-versions: ; @test/harness/versions.sh
check-arm64:    ; @test/harness/arm64.sh $(SUITES)
check-long:     ; @test/harness/long.sh
bench:          ; @test/harness/bench.sh score
bench-import:   ; @test/harness/bench.sh import
bench-explain:  ; @test/harness/bench.sh explain
bench-jobs:     ; @test/harness/bench.sh jobs
bench-load:     ; @test/harness/bench.sh load
bench-quality:  ; @test/harness/bench.sh quality
bench-recipe:   ; @test/harness/bench.sh recipe
bench-stats:    ; @test/harness/bench.sh stats
bench-train:    ; @test/harness/bench.sh train
bench-kernels:  ; @test/harness/setup.sh && test/bench/kernels.py
unit fuzz parity stats recipes train fixtures malformed: ; @test/harness/check.sh $@

# make install check: what is not a script goes to PGXS, in a make of its own
REST = $(filter-out $(HARNESS),$(MAKECMDGOALS))
ifneq (,$(REST))
.NOTPARALLEL:
.PHONY: $(REST)
$(REST): ; @$(MAKE) $@
endif

else

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
SERVER_INCLUDES := $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)

ifeq (,$(and $(wildcard $(PGXS)),$(wildcard $(SERVER_INCLUDES)/postgres.h)))

.PHONY: all clean install installcheck uninstall
all clean install installcheck uninstall:
	@echo "riskml: no PostgreSQL to build for: '$(PG_CONFIG)' knows no PGXS or no server headers." >&2
	@echo "Install PostgreSQL's server development files, for example" >&2
	@echo "    apt-get install postgresql-server-dev-NN zlib1g-dev gcc make     (NN: 15 or later)" >&2
	@echo "or let 'make setup' do it, or name another pg_config: make PG_CONFIG=/path/to/pg_config" >&2
	@exit 1

else

# ---- PGXS

OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
INSTALL_SQL = build/$(EXTENSION)--$(EXTVERSION).sql
DATA_built = $(INSTALL_SQL)

REGRESS = $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --load-extension=riskml
ISOLATION = $(sort $(patsubst test/isolation/specs/%.spec,%,$(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=riskml
TAP_TESTS = $(if $(wildcard test/tap/*.pl),1)
PROVE_TESTS = test/tap/*.pl

# PostgreSQL's headers are system headers here, so that -Wextra judges our code only.
# PGDLLEXPORT is empty before PostgreSQL 16; with hidden visibility it must not be.
PG_CPPFLAGS = -Isrc -isystem $(SERVER_INCLUDES) \
	-DPGDLLEXPORT='__attribute__((visibility("default")))'

# Bit-exact scores: no fused multiply-add that the source does not spell out, in bitcode neither.
EXACT_CFLAGS = -ffp-contract=off
PG_CFLAGS = -std=gnu11 -Wall -Wextra $(if $(filter 1 yes,$(WERROR)),-Werror) \
	-fvisibility=hidden -fno-plt $(EXACT_CFLAGS) -MMD -MP
SHLIB_LINK = -lm -lz

EXTRA_CLEAN = build $(OBJS:.o=.d)

# Header dependencies are ours (-MMD below): PGXS's own are off in most packages and keep one
# file per base name.
override autodepend :=

include $(PGXS)

PROVE_FLAGS += -I test/tap
BITCODE_CFLAGS += -std=gnu11 -fvisibility=hidden $(EXACT_CFLAGS)

# The flags PostgreSQL was built with are often gcc's; Ubuntu's ask for link time optimisation by gcc.
ifneq (,$(findstring clang,$(shell $(CC) --version)))
GCC_LTO = -flto% -ffat-lto-objects
override CFLAGS := $(filter-out $(GCC_LTO),$(CFLAGS)) -Wno-unknown-warning-option -Wno-ignored-optimization-argument
override LDFLAGS := $(filter-out $(GCC_LTO),$(LDFLAGS))
endif

$(INSTALL_SQL): $(SQL_MODULES:%=sql/%.sql) Makefile
	@mkdir -p $(@D)
	cat $(filter %.sql,$^) >$@

$(OBJS): Makefile
# bitcode has the dependencies of its object
$(foreach o,$(OBJS),$(eval $(o:.o=.bc): $(o)))
-include $(OBJS:.o=.d)

# ---- riskml_trainer, the one program that links libxgboost; left out where that is not

XGBOOST_CFLAGS ?=
XGBOOST_LIBS ?= -lxgboost

TRAINER = build/riskml_trainer
TRAINER_OBJS = $(patsubst %.c,build/%.o,$(sort $(wildcard trainer/*.c))) build/trainer/deal.o
TRAINER_CFLAGS = -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra $(if $(filter 1 yes,$(WERROR)),-Werror) \
	-fstack-protector-strong $(EXACT_CFLAGS) -MMD -MP -Isrc $(XGBOOST_CFLAGS)
HAVE_XGBOOST := $(shell echo 'int main(void) { XGBoostVersion(0, 0, 0); }' | \
	$(CC) -include xgboost/c_api.h $(XGBOOST_CFLAGS) -x c - -x none $(XGBOOST_LIBS) -o /dev/null 2>/dev/null && echo yes)

.PHONY: trainer install-trainer uninstall-trainer
all: trainer
install: install-trainer
uninstall: uninstall-trainer

ifeq ($(HAVE_XGBOOST),yes)
trainer: $(TRAINER)
install-trainer: $(TRAINER)
	$(MKDIR_P) '$(DESTDIR)$(pkglibdir)'
	$(INSTALL_PROGRAM) $< '$(DESTDIR)$(pkglibdir)/riskml_trainer'
else
trainer install-trainer:
	@echo "riskml: no libxgboost to build for: training is left out (Debian and Ubuntu: apt-get install libxgboost-dev, then make again)" >&2
endif
uninstall-trainer:
	rm -f '$(DESTDIR)$(pkglibdir)/riskml_trainer'

$(TRAINER): $(TRAINER_OBJS)
	$(CC) $(TRAINER_CFLAGS) $^ $(XGBOOST_LIBS) -lm -o $@
# written anew only if it changes: then all of it is built again
build/trainer/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(TRAINER_CFLAGS) $(XGBOOST_LIBS)' | cmp -s - $@ || echo '$(CC) $(TRAINER_CFLAGS) $(XGBOOST_LIBS)' >$@
.PHONY: FORCE
$(TRAINER_OBJS): build/trainer/flags
build/trainer/deal.o: src/math/deal.c Makefile
	@mkdir -p $(@D)
	$(CC) $(TRAINER_CFLAGS) -c $< -o $@
build/trainer/%.o: trainer/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(TRAINER_CFLAGS) -c $< -o $@
-include $(TRAINER_OBJS:.o=.d)

endif
endif
