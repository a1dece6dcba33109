-- Data quality: suites of expectations, and what judges a relation by them.

