# test/fuzz/lib.sh: builds the fuzz targets; sourced with $here, $root and $build set.

# The newest clang that has libFuzzer and the sanitizers' libraries.
find_clang() {
	local c probe
	probe=$(mktemp -d) || return 1
	echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { (void) d; (void) n; return 0; }' \
		>"$probe/probe.c"
	for c in ${CC:-} clang $(compgen -c clang- | grep -xE 'clang-[0-9]+' | sort -t- -k2 -rnu); do
		case $c in *clang*) ;; *) continue ;; esac
		if "$c" -fsanitize=fuzzer,address,undefined "$probe/probe.c" -o "$probe/probe" 2>"$probe/why"; then
			# no ptrace here, as in some containers: do without the search for leaks
			"$probe/probe" -runs=1 >"$probe/why" 2>&1 || touch "$build/no_leaks"
			rm -r "$probe"
			echo "$c"
			return 0
		fi
	done
	echo "no clang here builds with -fsanitize=fuzzer,address,undefined" \
		"(Debian: clang; Ubuntu and newer Debian: also libclang-rt-NN-dev)" >&2
	cat "$probe/why" >&2 2>/dev/null
	rm -r "$probe"
	return 1
}

# Removes the check of a string's length from a copy of the sources.
plant() {	# name directory
	local file=$2/import/ubj_reader.c
	[ "$1" = oob ] || { echo "unknown plant '$1'" >&2; return 1; }
	sed -i '/^	if (length > r->size - r->pos)$/,/;$/d' "$file"
	if [ "$(diff "$root/src/import/ubj_reader.c" "$file" | grep -c '^<')" != 4 ]; then
		echo "the bounds check of $file is not where the plant expects it" >&2
		return 1
	fi
}

compute_sources() {	# directory
	local layer
	for layer in base model import kernel explain; do
		printf '%s\n' "$1/$layer"/*.c
	done
	printf '%s\n' "$1/job/cron.c" "$1/load/records.c"
}

build_targets() {
	local clang src=$root/src target
	local flags=(-g -O1 -std=gnu11 -D_GNU_SOURCE -ffp-contract=off -Wall -Wextra -Werror
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
	mkdir -p "$build" || return 1
	rm -f "$build/no_leaks"
	clang=$(find_clang) || return 1
	if [ -n "${RISKML_PLANT:-}" ]; then
		src=$build/planted
		rm -rf "$src"
		cp -r "$root/src" "$src" && plant "$RISKML_PLANT" "$src" || return 1
	fi
	"$clang" -O1 -std=gnu11 -D_GNU_SOURCE -ffp-contract=off -I"$src" -I"$here" -I"$root/test/unit" \
		"$here/write_models.c" "$here/host.c" "$root"/test/unit/gen*.c $(compute_sources "$src") -lm \
		-o "$build/write_models" || return 1
	for target in import image; do
		"$clang" "${flags[@]}" -I"$src" -I"$here" "$here/fuzz_$target.c" "$here/check.c" \
			"$here/mutate.c" "$here/host.c" $(compute_sources "$src") -lm -o "$build/fuzz_$target" || return 1
	done
	"$clang" "${flags[@]}" -I"$src" -I"$here" "$here/fuzz_cron.c" "$src/job/cron.c" "$src/base/error.c" \
		-o "$build/fuzz_cron" || return 1
	"$clang" "${flags[@]}" -I"$src" -I"$here" "$here/fuzz_records.c" "$src/load/records.c" -o "$build/fuzz_records" || return 1
	"$clang" "${flags[@]}" -I"$src" "$here/fuzz_trainer.c" "$root"/trainer/{config,list,memory,roles,rows}.c "$src/math/deal.c" -lm \
		-o "$build/fuzz_trainer" || return 1
}
