# Reads a suite's output, prints "pass|fail|skip<TAB>test name" for each result in it.
# Knows TAP, pg_regress of PostgreSQL 15 ("test x ... ok  12 ms") and of 16 and later (TAP-like).
# Subtests (indented) are part of their test. A TODO that fails is a failure. A run that ends before
# its plan does is one.

function result(what, name)
{
	sub(/^[-+ ]*/, "", name)
	sub(/[ \t]+[0-9.]+ ms$/, "", name)
	sub(/[ \t]+$/, "", name)
	print what "\t" name
	seen++
}

/^(not )?ok [0-9]+/ || /^(not )?ok - / {
	what = /^not/ ? "fail" : "pass"
	name = $0
	sub(/^(not )?ok( [0-9]+)?[ \t]*/, "", name)
	if (match(tolower(name), /# *skip[^ ]* */)) {
		what = "skip"
		name = RSTART > 1 ? substr(name, 1, RSTART - 1) : substr(name, RLENGTH + 1)		# no name: the reason
	}
	result(what, name)
	next
}

/^(test| +)[ \t]+[^ ]+ +\.\.\. (ok|FAILED|failed)/ {
	result($0 ~ /\.\.\. ok/ ? "pass" : "fail", $1 == "test" ? $2 : $1)
	next
}

/^1\.\.0 *# *[Ss][Kk][Ii][Pp]/ { result("skip", "whole file: " $0); planned++; next }
/^1\.\.[0-9]+/ { sub(/^1\.\./, ""); planned += $1 + 0 }
/^Bail out!/ { result("fail", $0); planned++ }

END {
	if (planned && planned != seen)
		result("fail", "ran " (seen + 0) " tests of " planned " planned")
}
